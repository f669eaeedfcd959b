//! What the checks have to know of a learner, and all learners.

use crate::data::Rows;
use linfa::ParamGuard;
use linfa::traits::{Fit, Predict, PredictInplace};
use ndarray::{Array1, Array2, array};
use regressors::linear::LinearRegressionParams;
use regressors::mlp::{BatchSize, MlpParts};
use regressors::target::{Parity, TargetScale};
use regressors::tree::{Node, Tree, TreeParams};
use regressors::{Result, Voting};
use std::fmt::Debug;
use std::ops::Range;

pub(crate) use regressors::{
    DecisionTree, ExtraTree, ExtraTrees, GradientBoosting, LinearRegression, Mlp, RandomForest,
};

/// A learner with hyperparameters that fit [`laptops`](crate::data::laptops) fast.
pub(crate) trait Learner:
    PredictInplace<Array2<f64>, Array1<f64>> + Clone + Debug + PartialEq + Send
{
    /// How far a row's prediction may be off if other rows are predicted with it, relatively.
    const ROW_TOLERANCE: f64 = 0.0;
    /// Whether NaN is a missing value; else a fit refuses it.
    const NAN_IS_MISSING: bool = false;
    /// Whether features are rounded to `f32`; a fit then refuses what is infinite afterwards.
    const ROUNDS_TO_F32: bool = true;
    /// Whether weights decide which rows are drawn, so that weights of one draw others than no weights do.
    const DRAWS_BY_WEIGHT: bool = false;
    /// Whether a target that is the same in all rows is predicted.
    const MEETS_CONSTANTS: bool = true;

    fn fit(rows: &Rows) -> Result<Self>;

    /// All numbers of the model, in one order.
    fn numbers(&self) -> Vec<f64>;

    /// The model read back from what is stored of it.
    fn reloaded(&self) -> Result<Self>;

    /// What becomes of stored parts that no fit can have produced.
    fn hostile(&self) -> Vec<Result<Self>>;

    /// The numbers to the bit.
    fn bits(&self) -> Vec<u64> {
        self.numbers().into_iter().map(f64::to_bits).collect()
    }
}

/// A learner whose trees can be fitted in parts.
pub(crate) trait Sharded: Learner {
    const TREES: usize = 9;

    fn fit_range(rows: &Rows, trees: Range<usize>) -> Result<Self>;
    fn merge(parts: Vec<Self>) -> Result<Self>;
}

impl Learner for LinearRegression {
    const ROW_TOLERANCE: f64 = 1e-12;
    const ROUNDS_TO_F32: bool = false;

    fn fit(rows: &Rows) -> Result<Self> {
        let params: LinearRegressionParams = Self::params();
        params.fit(rows)
    }

    fn numbers(&self) -> Vec<f64> {
        let others = [self.intercept(), self.rank() as f64];
        self.coefficients().iter().copied().chain(others).collect()
    }

    fn reloaded(&self) -> Result<Self> {
        Self::from_parts(self.coefficients().clone(), self.intercept(), self.rank())
    }

    fn hostile(&self) -> Vec<Result<Self>> {
        let (coefficients, features) = (self.coefficients(), self.coefficients().len());
        vec![
            Self::from_parts(array![], self.intercept(), 0),
            Self::from_parts(coefficients * f64::NAN, self.intercept(), self.rank()),
            Self::from_parts(coefficients.clone(), f64::INFINITY, self.rank()),
            Self::from_parts(coefficients.clone(), self.intercept(), features + 1),
        ]
    }
}

impl Learner for Mlp {
    const ROW_TOLERANCE: f64 = 1e-12;
    const ROUNDS_TO_F32: bool = false;
    const MEETS_CONSTANTS: bool = false;

    fn fit(rows: &Rows) -> Result<Self> {
        let params = Self::params().hidden_layer_sizes([11, 5]).batch_size(BatchSize::Rows(7)).max_iter(6);
        params.learning_rate_init(0.1).random_state(5).fit(rows)
    }

    fn numbers(&self) -> Vec<f64> {
        let weights = self.coefs().iter().flatten();
        weights.chain(self.intercepts().iter().flatten()).chain(self.loss_curve()).copied().collect()
    }

    fn reloaded(&self) -> Result<Self> {
        Self::from_parts(self.parts().clone())
    }

    fn hostile(&self) -> Vec<Result<Self>> {
        let spoil: [fn(&mut MlpParts); 7] = [
            |parts| parts.coefs.clear(),
            |parts| parts.intercepts.truncate(2),
            |parts| parts.coefs[0] = Array2::zeros((0, 11)),
            |parts| parts.coefs[2] = Array2::zeros((5, 2)),
            |parts| parts.coefs[1][[0, 0]] = f64::NAN,
            |parts| parts.intercepts[0] = array![1.0],
            |parts| parts.loss_curve.clear(),
        ];
        let spoilt = |spoil: &fn(&mut MlpParts)| {
            let mut parts = self.parts().clone();
            spoil(&mut parts);
            Self::from_parts(parts)
        };
        spoil.iter().map(spoilt).collect()
    }
}

fn tree_numbers(trees: &[Tree]) -> Vec<f64> {
    let numbers = |node: &Node| {
        let links = [node.left, node.right, node.feature, i32::from(node.missing_go_to_left)].map(f64::from);
        let rows = [f64::from(node.n_node_samples), node.weighted_n_node_samples];
        links.into_iter().chain([node.threshold, node.impurity, node.value]).chain(rows).collect::<Vec<_>>()
    };
    trees.iter().flat_map(Tree::nodes).flat_map(numbers).collect()
}

fn scale_numbers(scale: TargetScale) -> [f64; 2] {
    [scale.factor(), f64::from(scale.parity() as u8)]
}

fn reloaded(tree: &Tree) -> Result<Tree> {
    Tree::from_nodes(tree.nodes().to_vec(), tree.n_features())
}

fn reloaded_scale(scale: TargetScale) -> Result<TargetScale> {
    TargetScale::new(scale.factor(), scale.parity())
}

/// A tree of which something was changed that makes it none.
fn hostile_trees(tree: &Tree) -> Vec<Result<Tree>> {
    let last = tree.nodes().len() as i32 - 1;
    assert!(last > 0, "a tree without splits cannot be spoilt in all ways");
    let root = tree.nodes()[0];
    let roots = [
        Node { left: 0, ..root },
        Node { right: last + 1, ..root },
        Node { right: root.left, ..root },
        Node { left: -1, ..root },
        Node { feature: tree.n_features() as i32, ..root },
        Node { threshold: f64::NAN, ..root },
        Node { value: f64::INFINITY, ..root },
        Node { weighted_n_node_samples: 0.0, ..root },
        Node { n_node_samples: root.n_node_samples + 1, ..root },
    ];
    let rooted = |root: Node| {
        let mut nodes = tree.nodes().to_vec();
        nodes[0] = root;
        Tree::from_nodes(nodes, tree.n_features())
    };
    let others = [
        Tree::from_nodes(Vec::new(), tree.n_features()),
        Tree::from_nodes(tree.nodes().to_vec(), 0),
        Tree::from_nodes([tree.nodes(), &tree.nodes()[..1]].concat(), tree.n_features()),
    ];
    roots.map(rooted).into_iter().chain(others).collect()
}

/// A tree of one feature, which does not fit those of the laptops.
fn stump() -> Tree {
    let leaf = Node {
        left: -1,
        right: -1,
        feature: -2,
        threshold: -2.0,
        missing_go_to_left: false,
        n_node_samples: 1,
        weighted_n_node_samples: 1.0,
        impurity: 0.0,
        value: 1.0,
    };
    Tree::from_nodes(vec![leaf], 1).unwrap()
}

macro_rules! single_trees {
    ($($learner:ident),*) => {
        $(impl Learner for $learner {
            const NAN_IS_MISSING: bool = true;

            fn fit(rows: &Rows) -> Result<Self> {
                Self::params().max_depth(4).random_state(5).fit(rows)
            }

            fn numbers(&self) -> Vec<f64> {
                let tree = tree_numbers(std::slice::from_ref(self.tree()));
                tree.into_iter().chain(scale_numbers(self.target_scale())).collect()
            }

            fn reloaded(&self) -> Result<Self> {
                Ok(Self::from_tree(reloaded(self.tree())?, reloaded_scale(self.target_scale())?))
            }

            fn hostile(&self) -> Vec<Result<Self>> {
                let trees = hostile_trees(self.tree()).into_iter();
                let trees = trees.map(|tree| Ok(Self::from_tree(tree?, self.target_scale())));
                let scales = [(3.0, Parity::Exact), (f64::NAN, Parity::Exact), (10.0, Parity::FixedPoint)];
                let scale = |(factor, parity)| {
                    Ok(Self::from_tree(self.tree().clone(), TargetScale::new(factor, parity)?))
                };
                trees.chain(scales.map(scale)).collect()
            }
        })*
    };
}

macro_rules! forests {
    ($($learner:ident draws by weight: $draws_by_weight:literal),*) => {
        $(impl Learner for $learner {
            const NAN_IS_MISSING: bool = true;
            const DRAWS_BY_WEIGHT: bool = $draws_by_weight;

            fn fit(rows: &Rows) -> Result<Self> {
                Self::params().n_estimators(Self::TREES).random_state(5).fit(rows)
            }

            fn numbers(&self) -> Vec<f64> {
                tree_numbers(self.trees()).into_iter().chain(scale_numbers(self.target_scale())).collect()
            }

            fn reloaded(&self) -> Result<Self> {
                let trees = self.trees().iter().map(reloaded).collect::<Result<_>>()?;
                Self::from_trees(trees, reloaded_scale(self.target_scale())?)
            }

            fn hostile(&self) -> Vec<Result<Self>> {
                let (scale, tree) = (self.target_scale(), &self.trees()[0]);
                let trees = hostile_trees(tree).into_iter();
                let trees = trees.map(|tree| Self::from_trees(vec![tree?], scale));
                let unlike = Self::from_trees(vec![tree.clone(), stump()], scale);
                trees.chain([Self::from_trees(Vec::new(), scale), unlike, Self::merge(Vec::new())]).collect()
            }
        }

        impl Sharded for $learner {
            fn fit_range(rows: &Rows, trees: Range<usize>) -> Result<Self> {
                let params = Self::params().n_estimators(Self::TREES).random_state(5);
                params.check()?.fit_range(rows, trees)
            }

            fn merge(parts: Vec<Self>) -> Result<Self> {
                Self::merge(parts)
            }
        })*
    };
}

single_trees!(DecisionTree, ExtraTree);
forests!(RandomForest draws by weight: true, ExtraTrees draws by weight: false);

impl Learner for GradientBoosting {
    fn fit(rows: &Rows) -> Result<Self> {
        Self::params().n_estimators(8).learning_rate(0.6).random_state(5).fit(rows)
    }

    fn numbers(&self) -> Vec<f64> {
        let others = [self.init(), self.learning_rate()];
        tree_numbers(self.trees()).into_iter().chain(others).collect()
    }

    fn reloaded(&self) -> Result<Self> {
        let trees = self.trees().iter().map(reloaded).collect::<Result<_>>()?;
        Self::from_parts(self.init(), self.learning_rate(), trees)
    }

    fn hostile(&self) -> Vec<Result<Self>> {
        let (init, rate, trees) = (self.init(), self.learning_rate(), self.trees());
        let spoilt = hostile_trees(&trees[0]).into_iter();
        let spoilt = spoilt.map(|tree| Self::from_parts(init, rate, vec![tree?]));
        let others = [
            Self::from_parts(f64::NAN, rate, trees.to_vec()),
            Self::from_parts(init, f64::INFINITY, trees.to_vec()),
            Self::from_parts(init, -0.1, trees.to_vec()),
            Self::from_parts(init, rate, Vec::new()),
            Self::from_parts(init, rate, vec![trees[0].clone(), stump()]),
        ];
        spoilt.chain(others).collect()
    }
}

/// A vote of a linear model and a tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Vote {
    voting: Voting,
    linear: LinearRegression,
    tree: DecisionTree,
}

impl PredictInplace<Array2<f64>, Array1<f64>> for Vote {
    fn predict_inplace(&self, x: &Array2<f64>, y: &mut Array1<f64>) {
        let (linear, tree): (Array1<f64>, Array1<f64>) = (self.linear.predict(x), self.tree.predict(x));
        let vote = self.voting.combine([linear.view(), tree.view()]).unwrap();
        assert_eq!(y.len(), vote.len());
        y.assign(&vote);
    }

    fn default_target(&self, x: &Array2<f64>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

impl Learner for Vote {
    const ROW_TOLERANCE: f64 = 1e-12;

    fn fit(rows: &Rows) -> Result<Self> {
        let (linear, tree) = (LinearRegression::fit(rows)?, DecisionTree::fit(rows)?);
        Ok(Self { voting: Voting::new(array![1.0, 3.0])?, linear, tree })
    }

    fn numbers(&self) -> Vec<f64> {
        let members = self.linear.numbers().into_iter().chain(self.tree.numbers());
        members.chain(self.voting.weights().iter().copied()).collect()
    }

    fn reloaded(&self) -> Result<Self> {
        let voting = Voting::new(self.voting.weights().clone())?;
        Ok(Self { voting, linear: self.linear.reloaded()?, tree: self.tree.reloaded()? })
    }

    fn hostile(&self) -> Vec<Result<Self>> {
        let weights =
            [array![], array![1.0, -1.0], array![f64::NAN], array![0.0, 0.0], array![f64::MAX, f64::MAX]];
        weights.map(|weights| Ok(Self { voting: Voting::new(weights)?, ..self.clone() })).into()
    }
}
