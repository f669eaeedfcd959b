//! The catalogue: the products of each segment, and the makers' lines that they belong to.
//!
//! Products of a line have the same lists of equipment and the same factor on the price. Their other parts
//! are dealt from decks in which each level has its share of cards, so that rare parts are there as well.

use super::chips::{CHIPS, Chip};
use super::draw::Draw;
use super::levels::{self, Level};
use super::segments::Traits;
use super::table::{Cell, Column, Row};

/// Lines, over all segments.
const N_LINES: usize = 200;
/// Products, over all segments.
const N_PRODUCTS: usize = 700;
/// Standard deviation, in per mille, of a product's own factor on the price.
const PRODUCT_SPREAD: i64 = 122;
/// How often a product is offered goes with the square of a rank between these.
const RANKS: [usize; 2] = [5, 10];

/// What all configurations of one laptop share.
pub(super) struct Product {
    /// The cells of the product; those of the configuration are still missing.
    pub(super) row: Row,
    /// Zloty for the parts that all configurations have, the factors included.
    pub(super) zloty: i64,
    /// How often it is offered, relative to the other products of its segment.
    pub(super) popularity: usize,
}

/// A maker's line of products.
struct Line {
    /// What the descriptions of its products list.
    lists: Vec<(Column, Cell)>,
    /// Zloty for what they list.
    zloty: i64,
    /// What the maker's name does to the price, per mille.
    factor: i64,
}

/// The products of a segment.
pub(super) fn products(traits: &Traits, draw: &mut Draw) -> Vec<Product> {
    let n_products = N_PRODUCTS * traits.share / 1000;
    let lines = lines(traits, draw);
    let chips = draw.deck(CHIPS, traits.segment, n_products);
    let decks = [
        (Column::Graphics, levels::GRAPHICS),
        (Column::Resolution, levels::RESOLUTION),
        (Column::Screen, levels::SCREEN),
    ]
    .map(|(column, table)| (column, draw.deck(table, traits.segment, n_products)));
    (0..n_products)
        .map(|number| {
            let parts = decks.each_ref().map(|(column, deck)| (*column, deck[number]));
            product(traits, &lines[number % lines.len()], chips[number], parts, draw)
        })
        .collect()
}

/// A product of a line, with its processor and its other parts.
fn product(
    traits: &Traits,
    line: &Line,
    chip: &Level<Chip>,
    parts: [(Column, &Level<&'static str>); 3],
    draw: &mut Draw,
) -> Product {
    let mut row = Row::new(traits.segment);
    row.set(Column::State, Cell::Text("new"));
    row.set(Column::Model, Cell::Text(chip.value.model));
    row.set(Column::Cores, Cell::Text(chip.value.cores));
    row.set(Column::Clock, Cell::Hundredths(chip.value.clock));
    row.set(Column::RamType, Cell::Text(draw.pick(chip.value.memory, traits.segment).value));
    let mut zloty = traits.chassis + chip.zloty + line.zloty;
    for (column, level) in parts {
        row.set(column, Cell::Text(level.value));
        zloty += if level.value == levels::DEDICATED { traits.graphics } else { level.zloty };
    }
    for (column, list) in &line.lists {
        row.set(*column, list.clone());
    }
    zloty = zloty * line.factor / 1000 * draw.factor(PRODUCT_SPREAD) / 1000;
    let rank = RANKS[0] + draw.below(RANKS[1] - RANKS[0] + 1);
    Product { row, zloty, popularity: rank * rank }
}

/// The lines of a segment.
fn lines(traits: &Traits, draw: &mut Draw) -> Vec<Line> {
    let n_lines = N_LINES * traits.share / 1000;
    let mut lines: Vec<Line> = (0..n_lines)
        .map(|_| Line { lists: Vec::new(), zloty: 0, factor: draw.factor(traits.spread) })
        .collect();
    for (column, table) in [
        (Column::Communications, levels::COMMUNICATIONS),
        (Column::InputDevices, levels::INPUT_DEVICES),
        (Column::Multimedia, levels::MULTIMEDIA),
    ] {
        let mut lists = vec![Vec::new(); n_lines];
        for feature in table {
            let share = usize::from(feature.weights[traits.segment as usize]);
            for line in draw.members(n_lines, share) {
                lists[line].push(feature.value);
                lines[line].zloty += feature.zloty;
            }
        }
        for (line, mut list) in lines.iter_mut().zip(lists) {
            if list.is_empty() {
                list.push(draw.pick(table, traits.segment).value);
            }
            line.lists.push((column, Cell::List(list)));
        }
    }
    lines
}
