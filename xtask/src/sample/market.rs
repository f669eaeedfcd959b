//! The market: offers of the catalogue's products, each in some configuration.
//!
//! An offer may be put up again, once or several times (twins: the same cells, often the same price).

use super::catalogue::{self, Product};
use super::draw::Draw;
use super::levels;
use super::price;
use super::segments::TRAITS;
use super::table::{Cell, Column, Row};

/// Per mille of the offers that are put up again, and then again: of the hot ones, and of the others.
const AGAIN: [u16; 2] = [550, 125];
/// Per mille of the offers that are hot.
const HOT: u16 = 250;
/// Per mille of the repeated offers that ask the same price.
const SAME_PRICE: u16 = 740;
/// Standard deviation, in per mille, of a seller's factor on the list price, in the first offer.
const SELLER_SPREAD: i64 = 50;
/// The same in a repeated offer whose price differs.
const REPEAT_SPREAD: i64 = 110;

/// The rows of a market of `n_offers` offers, all of them complete.
pub(super) fn offers(n_offers: usize, draw: &mut Draw) -> Vec<Row> {
    let shares = TRAITS.map(|traits| traits.share);
    let products = TRAITS.map(|traits| catalogue::products(&traits, draw));
    let popularities = products
        .each_ref()
        .map(|products| -> Vec<usize> { products.iter().map(|product| product.popularity).collect() });
    let mut rows = Vec::new();
    while rows.len() < n_offers {
        let segment = draw.weighted(&shares);
        let product = &products[segment][draw.weighted(&popularities[segment])];
        let (mut row, list_price) = configure(product, draw);
        row.set(Column::Price, Cell::Hundredths(price::asked(list_price, SELLER_SPREAD, draw)));
        let again = if draw.chance(HOT) { AGAIN[0] } else { AGAIN[1] };
        while draw.chance(again) {
            rows.push(row.clone());
            if !draw.chance(SAME_PRICE) {
                row.set(Column::Price, Cell::Hundredths(price::asked(list_price, REPEAT_SPREAD, draw)));
            }
        }
        rows.push(row);
    }
    rows.truncate(n_offers);
    rows
}

/// A product with memory, drive, operating system and warranty, and its list price in grosze.
fn configure(product: &Product, draw: &mut Draw) -> (Row, i64) {
    let mut row = product.row.clone();
    let segment = row.segment;
    let ram = draw.pick(levels::RAM, segment);
    row.set(Column::Ram, Cell::Text(ram.value));
    let drive = draw.pick(levels::DRIVE, segment);
    row.set(Column::DriveType, Cell::Text(drive.value.kind));
    row.set(Column::DriveSize, Cell::Hundredths(drive.value.size * 100));
    let system = draw.pick(levels::SYSTEM, segment);
    row.set(Column::System, Cell::List(system.value.to_vec()));
    let warranty = draw.pick(levels::WARRANTY, segment);
    row.set(Column::Warranty, Cell::Text(warranty.value));
    (row, (product.zloty + ram.zloty + drive.zloty + system.zloty + warranty.zloty) * 100)
}
