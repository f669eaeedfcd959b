//! Records as a product of two sparse matrices: rows by patterns, and patterns by features.
//!
//! Rows of one-hot data have much in common: a processor family comes with a few speeds, a drive with a few
//! interfaces. What many rows of a batch share is multiplied once, and each of them takes the sum: so the
//! first layer of a batch is `rows · (patterns · weights)`, and its gradient `patternsᵀ · (rowsᵀ · deltas)`.
//!
//! Features are joined in groups, as long as that spares additions; the values that a row has in one group
//! are a pattern if enough rows have them. A pattern of its own is every single feature, for what is left.
//! Patterns have much in common as well, so a pattern adds up smaller ones rather than features.

use super::sparse::{Entry, SparseRows, Unit};
use std::iter;

/// Rows that are looked at to find groups of features: of fewer, too many patterns seem rare.
const MOST_SAMPLED: usize = 4096;
/// Groups that a feature may join: the latest, for features that belong together are often neighbours.
const MOST_GROUPS: usize = 32;
/// Features that occur in a batch less often than this, on average, join no group: they would spare too little.
const LEAST_JOINED: f64 = 4.0;
/// Features with more values than this, zero aside, are left alone.
const MOST_VALUES: usize = 255;
/// Features whose values occur in a batch less often than this, on average, are left alone.
const LEAST_USES: usize = 3;
/// Smaller patterns that are looked at as a part of a pattern: the largest.
const MOST_PARTS: usize = 256;

/// The share of additions that factors may leave: their tables take room in caches, too.
const MOST_LEFT: f64 = 0.75;

/// Two matrices whose product are the records.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Factors {
    /// The patterns of each row.
    pub(super) rows: PatternRows,
    /// What each pattern adds up: earlier patterns. The first are the features themselves, of value 1, and add
    /// up nothing.
    pub(super) patterns: SparseRows,
}

/// Rows by patterns.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PatternRows {
    Units(SparseRows<Unit>),
    /// With features that have many values.
    Entries(SparseRows),
}

impl PatternRows {
    fn n_entries(&self) -> usize {
        match self {
            Self::Units(rows) => rows.n_entries(),
            Self::Entries(rows) => rows.n_entries(),
        }
    }
}

impl Factors {
    /// Factors of records that are visited in batches of so many rows, if they spare a good part of the additions.
    pub(super) fn find(records: &SparseRows, n_features: usize, batch_rows: usize) -> Option<Self> {
        let factors = Self::new(records, n_features, batch_rows);
        let in_batch = |entries: usize| entries as f64 * batch_rows as f64 / records.len() as f64;
        let additions = in_batch(factors.rows.n_entries()) + factors.patterns.n_entries() as f64;
        (additions < MOST_LEFT * in_batch(records.n_entries())).then_some(factors)
    }

    fn new(records: &SparseRows, n_features: usize, batch_rows: usize) -> Self {
        let uses_per_row = batch_rows as f64 / records.len() as f64;
        let features: Vec<Feature> = Feature::all(records, n_features, uses_per_row);
        let step = records.len().div_ceil(MOST_SAMPLED).max(1);
        let sample: Vec<Feature> = features.iter().map(|feature| feature.every(step)).collect();
        let groups = groups(&sample, uses_per_row * step as f64);

        let mut patterns = SparseRows::default();
        (0..n_features).for_each(|_| patterns.push_row(&[]));
        let joined = Joined::new(records, &features, &groups, uses_per_row, &mut patterns);
        if features.iter().any(|feature| feature.codes.is_empty()) {
            let mut rows = SparseRows::default();
            (0..records.len()).for_each(|row| rows.push_row(&joined.row(records, row).collect::<Vec<_>>()));
            return Self { rows: PatternRows::Entries(rows), patterns };
        }

        // By feature, the patterns of its values.
        let mut of_values = Vec::with_capacity(n_features);
        for (index, feature) in features.iter().enumerate() {
            let of_value = |&value: &f64| {
                if value == 1.0 {
                    return index as u32;
                }
                patterns.push_row(&[Entry { index, value }]);
                patterns.len() as u32 - 1
            };
            of_values.push(feature.values.iter().map(of_value).collect::<Vec<_>>());
        }
        let mut rows = SparseRows::default();
        for row in 0..records.len() {
            let unit = |Entry { index, .. }| match of_values.get(index) {
                Some(of_values) => Unit(of_values[usize::from(features[index].codes[row]) - 1]),
                None => Unit(index as u32),
            };
            rows.push_row(&joined.row(records, row).map(unit).collect::<Vec<_>>());
        }
        Self { rows: PatternRows::Units(rows), patterns }
    }
}

/// Patterns of several features.
#[derive(Clone, Debug)]
struct Joined {
    /// By feature, the group that it is in, if others are.
    group_of: Vec<Option<usize>>,
    /// By group, the combination of each row, and which of them are patterns.
    combinations: Vec<(Vec<u32>, Vec<Option<Chosen>>)>,
}

impl Joined {
    /// Finds patterns that are worth it, and adds them to all others.
    fn new(
        records: &SparseRows,
        features: &[Feature],
        groups: &[Group],
        uses_per_row: f64,
        patterns: &mut SparseRows,
    ) -> Self {
        let mut joined = Self { group_of: vec![None; features.len()], combinations: Vec::new() };
        let mut numbering = Numbering::default();
        for group in groups {
            let [first, others @ ..] = group.features.as_slice() else { continue };
            if others.is_empty() {
                continue;
            }
            let of_first = Combinations::of(&features[*first]);
            let join = |some: Combinations, feature: &usize| some.with(&features[*feature], &mut numbering);
            let combinations = others.iter().fold(of_first, join);
            let entries = |row: usize| {
                let of_row = records.row(row).iter().filter(|entry| group.features.contains(&entry.index));
                of_row.copied().collect()
            };
            let chosen = combinations.choose(entries, uses_per_row, patterns);
            let number = joined.combinations.len();
            group.features.iter().for_each(|&feature| joined.group_of[feature] = Some(number));
            joined.combinations.push((combinations.of_rows, chosen));
        }
        joined
    }

    /// A row by its patterns, and what is left by single features.
    fn row<'a>(&'a self, records: &'a SparseRows, row: usize) -> impl Iterator<Item = Entry> + 'a {
        records.row(row).iter().filter_map(move |entry| {
            let pattern = self.group_of[entry.index].and_then(|group| {
                let (of_rows, chosen) = &self.combinations[group];
                chosen[of_rows[row] as usize]
            });
            match pattern {
                Some(Chosen { first, .. }) if first != entry.index => None,
                Some(Chosen { pattern, .. }) => Some(Entry { index: pattern, value: 1.0 }),
                None => Some(*entry),
            }
        })
    }
}

/// A pattern that is worth it.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    pattern: usize,
    /// The first of its features.
    first: usize,
}

/// The values of a feature, numbered.
#[derive(Clone, Debug)]
struct Feature {
    /// The number of each row's value, 0 being zero; empty if there are too many values.
    codes: Vec<u8>,
    /// The values from number 1 on.
    values: Vec<f64>,
}

impl Feature {
    fn all(records: &SparseRows, n_features: usize, uses_per_row: f64) -> Vec<Self> {
        let mut features = vec![Self { codes: vec![0; records.len()], values: Vec::new() }; n_features];
        let mut uses = vec![0_usize; n_features];
        for row in 0..records.len() {
            for &Entry { index, value } in records.row(row) {
                let Self { codes, values } = &mut features[index];
                uses[index] += 1;
                let known = values.iter().position(|known| known.to_bits() == value.to_bits());
                let number = known.unwrap_or_else(|| {
                    values.push(value);
                    values.len() - 1
                });
                match codes.get_mut(row) {
                    Some(code) if number < MOST_VALUES => *code = number as u8 + 1,
                    _ => (codes.clear(), values.clear()).0,
                }
            }
        }
        for (feature, uses) in features.iter_mut().zip(uses) {
            let is_rare = uses as f64 * uses_per_row < (LEAST_USES * feature.values.len()) as f64;
            if is_rare && feature.values != [1.0] {
                feature.codes.clear();
            }
        }
        features
    }

    fn every(&self, step: usize) -> Self {
        Self { codes: self.codes.iter().copied().step_by(step).collect(), values: self.values.clone() }
    }

    /// Values, zero included.
    fn n_codes(&self) -> usize {
        self.values.len() + 1
    }
}

/// Features that are looked at together.
#[derive(Clone, Debug)]
struct Group {
    features: Vec<usize>,
    combinations: Combinations,
    cost: f64,
}

/// Joins features in groups, each with the group where it spares most additions.
fn groups(features: &[Feature], uses_per_row: f64) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut numbering = Numbering::default();
    for (number, feature) in features.iter().enumerate() {
        if feature.codes.is_empty() || feature.values.is_empty() {
            continue;
        }
        let alone = Combinations::of(feature);
        let cost_alone = alone.cost(uses_per_row);
        if cost_alone < LEAST_JOINED {
            continue;
        }
        let mut best: Option<(f64, usize, f64)> = None;
        let oldest = groups.len().saturating_sub(MOST_GROUPS);
        for (at, group) in groups.iter().enumerate().skip(oldest) {
            let cost = group.combinations.with(feature, &mut numbering).cost(uses_per_row);
            let saving = group.cost + cost_alone - cost;
            if saving > best.map_or(0.0, |(saving, ..)| saving) {
                best = Some((saving, at, cost));
            }
        }
        match best {
            Some((_, at, cost)) => {
                let group = &mut groups[at];
                group.features.push(number);
                group.combinations = group.combinations.with(feature, &mut numbering);
                group.cost = cost;
            }
            None => groups.push(Group { features: vec![number], combinations: alone, cost: cost_alone }),
        }
    }
    groups
}

/// The combinations of some features' values that occur.
#[derive(Clone, Debug)]
struct Combinations {
    /// The number of each row's combination.
    of_rows: Vec<u32>,
    found: Vec<Found>,
}

/// A combination of values.
#[derive(Clone, Copy, Debug)]
struct Found {
    rows: u32,
    /// Values other than zero.
    entries: u32,
}

impl Found {
    /// Additions in a batch if the combination is made a pattern, and if not.
    fn costs(self, uses_per_row: f64) -> [f64; 2] {
        let (uses, entries) = (f64::from(self.rows) * uses_per_row, f64::from(self.entries));
        [uses + entries, uses * entries]
    }

    fn is_worth(self, uses_per_row: f64) -> bool {
        let [as_pattern, as_entries] = self.costs(uses_per_row);
        self.entries > 1 && as_pattern < as_entries
    }
}

impl Combinations {
    /// The values of one feature.
    fn of(feature: &Feature) -> Self {
        let of_rows = feature.codes.iter().map(|code| u32::from(*code)).collect();
        let found = (0..feature.n_codes() as u32).map(|code| Found { rows: 0, entries: code.min(1) });
        let mut combinations = Self { of_rows, found: found.collect() };
        combinations.of_rows.iter().for_each(|found| combinations.found[*found as usize].rows += 1);
        combinations
    }

    /// The combinations of these with the values of one more feature.
    fn with(&self, feature: &Feature, numbering: &mut Numbering) -> Self {
        let mut found = Vec::new();
        numbering.begin(self.found.len() * feature.n_codes());
        let pairs = self.of_rows.iter().zip(&feature.codes);
        let of_rows = pairs.map(|(&before, &code)| {
            let number = numbering.number(before as usize * feature.n_codes() + usize::from(code));
            if number as usize == found.len() {
                let entries = self.found[before as usize].entries + u32::from(code > 0);
                found.push(Found { rows: 0, entries });
            }
            found[number as usize].rows += 1;
            number
        });
        Self { of_rows: of_rows.collect(), found }
    }

    /// Adds those that are worth it to the patterns, small ones first; `entries` gives what a row has of the
    /// features. Returns by number which of them are patterns.
    fn choose(
        &self,
        entries: impl Fn(usize) -> Vec<Entry>,
        uses_per_row: f64,
        patterns: &mut SparseRows,
    ) -> Vec<Option<Chosen>> {
        let mut examples = vec![0; self.found.len()];
        self.of_rows.iter().enumerate().for_each(|(row, &found)| examples[found as usize] = row);
        let worth = (0..self.found.len()).filter(|&number| self.found[number].is_worth(uses_per_row));
        let mut worth: Vec<_> = worth.map(|number| (entries(examples[number]), number)).collect();
        worth.sort_by_key(|(entries, _)| entries.len());
        let (worth, numbers): (Vec<_>, Vec<_>) = worth.into_iter().unzip();
        let (begin, mut chosen) = (patterns.len(), vec![None; self.found.len()]);
        for (at, (entries, number)) in worth.iter().zip(numbers).enumerate() {
            patterns.push_row(&summands(entries, &worth[..at], begin));
            chosen[number] = Some(Chosen { pattern: begin + at, first: entries[0].index });
        }
        chosen
    }

    /// Additions in a batch.
    fn cost(&self, uses_per_row: f64) -> f64 {
        let cost = |found: &Found| {
            let [as_pattern, as_entries] = found.costs(uses_per_row);
            if found.entries > 1 { as_pattern.min(as_entries) } else { as_entries }
        };
        self.found.iter().map(cost).sum()
    }
}

/// What a pattern of these entries adds up: the largest of some smaller patterns that is a part of it, and what is
/// left. The smaller ones are in the order of their size, and numbered from `begin` on.
fn summands(entries: &[Entry], smaller: &[Vec<Entry>], begin: usize) -> Vec<Entry> {
    let from = smaller.len().saturating_sub(MOST_PARTS);
    let is_part = |part: &Vec<Entry>| part.iter().all(|entry| entries.contains(entry));
    let Some(place) = smaller[from..].iter().rposition(is_part) else { return entries.to_vec() };
    let part = &smaller[from + place];
    let left = entries.iter().filter(|entry| !part.contains(entry)).copied();
    iter::once(Entry { index: begin + from + place, value: 1.0 }).chain(left).collect()
}

/// Numbers keys in the order in which they come up.
#[derive(Clone, Debug, Default)]
struct Numbering {
    /// By key, when it came up last and its number then.
    known: Vec<(u32, u32)>,
    round: u32,
    count: u32,
}

impl Numbering {
    /// Forgets all keys; those to come are less than `limit`.
    fn begin(&mut self, limit: usize) {
        self.round += 1;
        self.count = 0;
        if self.known.len() < limit {
            self.known.resize(limit, (0, 0));
        }
    }

    fn number(&mut self, key: usize) -> u32 {
        let known = &mut self.known[key];
        if known.0 != self.round {
            *known = (self.round, self.count);
            self.count += 1;
        }
        known.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use proptest::prelude::*;

    /// The records that the factors stand for.
    fn product(Factors { rows, patterns }: &Factors, n_features: usize) -> Array2<f64> {
        let mut of_patterns = Array2::<f64>::zeros((patterns.len(), n_features));
        for pattern in 0..patterns.len() {
            if pattern < n_features {
                assert!(patterns.row(pattern).is_empty());
                of_patterns[[pattern, pattern]] = 1.0;
            }
            for &Entry { index: earlier, value } in patterns.row(pattern) {
                assert!(earlier < pattern);
                let part = &of_patterns.row(earlier) * value;
                // Every value of a pattern is in one of its parts only, so nothing is rounded.
                assert!(part.iter().zip(of_patterns.row(pattern)).all(|(part, sum)| part * sum == 0.0));
                of_patterns.row_mut(pattern).scaled_add(1.0, &part);
            }
        }
        let by_pattern = |row: usize| match rows {
            PatternRows::Units(rows) => {
                let units = rows.row(row).iter();
                units.map(|unit| Entry { index: unit.0 as usize, value: 1.0 }).collect()
            }
            PatternRows::Entries(rows) => rows.row(row).to_vec(),
        };
        let n_rows = match rows {
            PatternRows::Units(rows) => rows.len(),
            PatternRows::Entries(rows) => rows.len(),
        };
        let mut product = Array2::<f64>::zeros((n_rows, n_features));
        for row in 0..n_rows {
            for Entry { index: pattern, value } in by_pattern(row) {
                let part = &of_patterns.row(pattern) * value;
                assert!(part.iter().zip(product.row(row)).all(|(part, sum)| part * sum == 0.0));
                product.row_mut(row).scaled_add(1.0, &part);
            }
        }
        product
    }

    /// Rows of four kinds, of which some features are flipped, and a column of numbers with so many values.
    fn records(n_rows: usize, n_values: usize, flips: &[(usize, usize)]) -> Array2<f64> {
        let mut records = Array2::from_shape_fn((n_rows, 9), |(row, feature)| match feature {
            8 => (row * 7 % n_values) as f64 / 4.0,
            _ => f64::from(u8::from((row * row % 4 + 3) * (feature + 1) % 5 < 3)),
        });
        for &(row, feature) in flips {
            let value = &mut records[[row % n_rows, feature]];
            *value = 1.0 - *value;
        }
        records
    }

    proptest! {
        #[test]
        fn factors_multiply_to_the_records(
            n_rows in 1usize..60,
            n_values in 1usize..40,
            batch_rows in 1usize..60,
            flips in prop::collection::vec((0usize..60, 0usize..8), 0..20),
        ) {
            let records = records(n_rows, n_values, &flips);
            let factors = Factors::new(&SparseRows::from_dense(&records.view()), 9, batch_rows.min(n_rows));
            prop_assert_eq!(product(&factors, 9), records);
        }
    }

    #[test]
    fn what_rows_share_is_a_pattern() {
        let records = records(400, 8, &[]);
        let sparse = SparseRows::from_dense(&records.view());
        let factors = Factors::new(&sparse, 9, 200);
        let PatternRows::Units(rows) = &factors.rows else { panic!("eight values are few") };
        // One for the flags, and one for the number.
        assert!((0..400).all(|row| rows.row(row).len() <= 2));
        assert!(factors.patterns.len() < 64);
    }

    #[test]
    fn patterns_add_up_smaller_ones() {
        // Every row has the first features of another number.
        let records =
            Array2::from_shape_fn((400, 8), |(row, feature)| f64::from(u8::from(feature <= row % 8)));
        let factors = Factors::new(&SparseRows::from_dense(&records.view()), 8, 200);
        assert_eq!(product(&factors, 8), records);
        assert_eq!(factors.rows.n_entries(), 400);
        assert!((9..factors.patterns.len()).all(|pattern| factors.patterns.row(pattern).len() == 2));
        assert_eq!(factors.patterns.len(), 8 + 7);
    }

    #[test]
    fn factors_that_spare_little_are_not_used() {
        let alike = SparseRows::from_dense(&records(400, 8, &[]).view());
        assert!(Factors::find(&alike, 9, 200).is_some());
        let of_their_own = Array2::from_shape_fn((400, 9), |(row, feature)| (row * 9 + feature) as f64 + 1.0);
        assert!(Factors::find(&SparseRows::from_dense(&of_their_own.view()), 9, 200).is_none());
    }

    #[test]
    fn numbers_with_many_values_are_left_alone() {
        let mut records = records(600, 8, &[]);
        records.column_mut(8).iter_mut().enumerate().for_each(|(row, value)| *value = row as f64);
        let sparse = SparseRows::from_dense(&records.view());
        let factors = Factors::new(&sparse, 9, 200);
        assert!(matches!(factors.rows, PatternRows::Entries(_)));
        assert!(factors.patterns.len() <= 9 + 4);
        assert_eq!(product(&factors, 9), records);
    }
}
