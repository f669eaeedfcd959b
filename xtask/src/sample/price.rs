//! What a seller asks: the list price, moved by a factor of the seller's own, and rounded to an ending that
//! sellers like.
//!
//! The list price is (chassis + processor + graphics card + resolution + screen + equipment) x the factor of
//! the maker's line x the factor of the product, plus memory, drive, operating system and warranty. Chassis
//! and graphics card cost what they cost in the segment, and the factors differ from line to line and from
//! product to product: a learner has to recognise the line by its equipment to price it well.

use super::draw::Draw;

/// No offer is cheaper, in grosze.
const LOWEST: i64 = 42_900;

/// An ending of a price: the nearest price that leaves `rest` when divided by `step`, both in grosze.
struct Ending {
    step: i64,
    rest: i64,
    weight: usize,
}

/// 2399, 2349, 2329, any whole zloty, 2399.99, 2300.01, 2312.90, any price.
const ENDINGS: [Ending; 8] = [
    Ending { step: 10_000, rest: 9_900, weight: 325 },
    Ending { step: 10_000, rest: 4_900, weight: 140 },
    Ending { step: 1_000, rest: 900, weight: 247 },
    Ending { step: 100, rest: 0, weight: 217 },
    Ending { step: 100, rest: 99, weight: 12 },
    Ending { step: 100, rest: 1, weight: 8 },
    Ending { step: 100, rest: 90, weight: 5 },
    Ending { step: 1, rest: 0, weight: 46 },
];

/// The price in grosze that a seller asks for an offer with this list price (grosze), when sellers differ by
/// `spread` per mille.
pub(super) fn asked(list_price: i64, spread: i64, draw: &mut Draw) -> u32 {
    let price = list_price * draw.factor(spread) / 1000;
    let Ending { step, rest, .. } = ENDINGS[draw.weighted(&ENDINGS.map(|ending| ending.weight))];
    let rounded = (price - rest + step / 2) / step * step + rest;
    u32::try_from(rounded.max(LOWEST)).expect("invariant: a price is positive and fits")
}
