//! `cargo xtask sample`: the laptop data that the project ships, made by a seeded model of a market.
//!
//! The real files of the study carry no licence that allows passing them on. These have their schema, their
//! published marginals (levels, missing cells, twins, prices) and a plausible dependence of the attributes on
//! market segments and of the price on the attributes; no row comes from the real files.
//!
//! To read: [`segments`], then what they are made of ([`levels`], [`chips`]), the [`catalogue`] of products,
//! the [`market`] of their offers and the [`price`] asked; then what happens to the rows ([`gaps`],
//! [`rarities`]) until they are [`files`].

mod catalogue;
mod chips;
mod draw;
mod files;
mod gaps;
mod json;
mod levels;
mod market;
mod price;
mod rarities;
mod segments;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use files::write;
