//! Training: epochs of batches until the loss, or the score of the rows held out, stops improving.

use super::dead::DeadUnits;
use super::model::MlpParts;
use super::network::Network;
use super::optimizer::Optimizer;
use super::params::{BatchSize, MlpValidParams};
use super::samples::Samples;
use super::step::Workspace;
use crate::random::RandomState;
use crate::{Error, Result};

/// The batch size that `auto` stands for.
const AUTO_BATCH_ROWS: usize = 200;

/// Trains a network on checked data.
pub(super) fn fit(params: &MlpValidParams, samples: Samples, n_features: usize) -> Result<MlpParts> {
    let mut random = RandomState::new(params.random_state);
    let mut sizes = vec![n_features];
    sizes.extend(&params.hidden_layer_sizes);
    sizes.push(1);
    let mut network = Network::random(&sizes, params.activation, &mut random);
    let dead = DeadUnits::new(|| samples.records.ranges(n_features), params.activation);
    let (train, held_out) = if params.early_stopping {
        let (train, held_out) = samples.hold_out(params.validation_fraction, &mut random)?;
        (train, Some(held_out))
    } else {
        (samples, None)
    };

    let mut best = held_out.is_some().then(|| network.clone());
    let mut patience = Patience { tol: params.tol, best: f64::NEG_INFINITY, epochs: 0 };
    let (mut loss_curve, mut validation_scores) = (Vec::new(), Vec::new());
    let mut trainer = Trainer::new(params, &network, train, dead, random);
    while loss_curve.len() < params.max_iter {
        let loss = trainer.epoch(&mut network);
        loss_curve.push(loss);
        params.progress.step();
        if let Some(held_out) = &held_out {
            let score = held_out.r2(&network);
            validation_scores.push(score);
            if patience.improves(score) {
                best = Some(network.clone());
            }
        } else {
            // A weight that is no longer a number never becomes one again: scikit-learn goes on to the last
            // epoch and then raises.
            network.check_finite()?;
            patience.improves(-loss);
        }
        trainer.end_epoch(loss_curve.len());
        if patience.epochs > params.n_iter_no_change {
            if !trainer.optimizer.slow_down() {
                break;
            }
            patience.epochs = 0;
        }
    }
    if !validation_scores.is_empty() && validation_scores.iter().all(|score| !score.is_finite()) {
        return Err(Error::Diverged("no epoch has a score"));
    }
    let mut network = best.unwrap_or(network);
    network.restore_order();
    network.check_finite()?;
    let (coefs, intercepts) = (network.coefs(), network.intercepts());
    Ok(MlpParts { activation: params.activation, coefs, intercepts, loss_curve, validation_scores })
}

/// scikit-learn's count of epochs that did not improve the best score by `tol`.
struct Patience {
    tol: f64,
    best: f64,
    epochs: usize,
}

impl Patience {
    /// Takes the score of an epoch: whether it is the best so far, be it by less than `tol`. A score of NaN
    /// resets the count, as in scikit-learn.
    fn improves(&mut self, score: f64) -> bool {
        self.epochs = if score < self.best + self.tol { self.epochs + 1 } else { 0 };
        let improves = score > self.best;
        if improves {
            self.best = score;
        }
        improves
    }
}

/// The data of a fit, the order in which it is visited, and what is kept from batch to batch.
struct Trainer<'a> {
    params: &'a MlpValidParams,
    optimizer: Optimizer,
    /// Nothing if no unit can be dead.
    dead: Option<DeadUnits>,
    random: RandomState,
    train: Samples,
    /// Rows in the order of the current epoch.
    order: Vec<usize>,
    /// Rows by the number of products that they take part in.
    by_length: Vec<usize>,
    batch_rows: usize,
    workspace: Workspace,
}

impl<'a> Trainer<'a> {
    fn new(
        params: &'a MlpValidParams,
        network: &Network,
        train: Samples,
        dead: Option<DeadUnits>,
        random: RandomState,
    ) -> Self {
        let n_rows = train.len();
        let batch_rows = match params.batch_size {
            BatchSize::Auto => AUTO_BATCH_ROWS,
            BatchSize::Rows(rows) => rows,
        };
        let batch_rows = batch_rows.min(n_rows);
        let workspace = Workspace::new(network, &train, batch_rows);
        let lengths = workspace.lengths(&train);
        let mut by_length: Vec<usize> = (0..n_rows).collect();
        by_length.sort_by_key(|&row| lengths[row]);
        Self {
            params,
            optimizer: Optimizer::new(params, network),
            dead,
            random,
            train,
            order: (0..n_rows).collect(),
            by_length,
            batch_rows,
            workspace,
        }
    }

    /// One step per batch over all rows; returns the loss, averaged over rows.
    fn epoch(&mut self, network: &mut Network) -> f64 {
        if self.params.shuffle {
            // Positions within the order of the epoch before: orders are composed.
            let positions = self.random.permutation(self.order.len());
            self.order = positions.into_iter().map(|position| self.order[position]).collect();
        }
        let mut loss = 0.0;
        for batch in self.batches().chunks(self.batch_rows) {
            let samples = (&self.train, batch);
            let (alpha, optimizer) = (self.params.alpha, &mut self.optimizer);
            loss += network.train(samples, alpha, optimizer, &mut self.workspace) * batch.len() as f64;
            if let Some(dead) = &self.dead {
                dead.revive(network, &mut self.optimizer);
            }
        }
        if let Some(dead) = &self.dead {
            dead.leave_out(network, &mut self.optimizer);
        }
        loss / self.order.len() as f64
    }

    /// The rows of the current epoch, batch after batch.
    ///
    /// The rows of a batch go by their lengths: where the next row's loop ends, processors foretell by the last one's.
    fn batches(&self) -> Vec<usize> {
        let n_rows = self.order.len();
        let mut batch_of = vec![0; n_rows];
        for (batch, rows) in self.order.chunks(self.batch_rows).enumerate() {
            rows.iter().for_each(|&row| batch_of[row] = batch);
        }
        let mut next: Vec<usize> = (0..n_rows).step_by(self.batch_rows).collect();
        let mut rows = vec![0; n_rows];
        for &row in &self.by_length {
            let place = &mut next[batch_of[row]];
            rows[*place] = row;
            *place += 1;
        }
        rows
    }

    /// Tells the solver that this many epochs are done.
    fn end_epoch(&mut self, epochs: usize) {
        self.optimizer.end_epoch(epochs as f64 * self.order.len() as f64);
    }
}
