//! The processors: each fixes the cells `CPU model`, `CPU cores`, `CPU clock speed (GHz)` and `RAM type`.

use super::levels::Level;

/// A processor as sellers describe it.
#[derive(Clone, Copy)]
pub(super) struct Chip {
    /// The level of the column `CPU model`, odd spacing included.
    pub(super) model: &'static str,
    /// The level of the column `CPU cores`.
    pub(super) cores: &'static str,
    /// Base clock in hundredths of a gigahertz.
    pub(super) clock: u32,
    /// What memory it takes.
    pub(super) memory: Memory,
}

/// Levels of the column `RAM type`, to draw from.
type Memory = &'static [Level<&'static str>];

/// Processors since 2016.
const NEW: Memory = &[ram_type("ddr4", 98), ram_type("ddr3", 1), ram_type("ddr3l", 1)];
/// Processors that were sold with either kind.
const MIXED: Memory = &[ram_type("ddr4", 60), ram_type("ddr3", 28), ram_type("ddr3l", 12)];
/// Processors before 2015.
const OLD: Memory = &[ram_type("ddr4", 1), ram_type("ddr3", 74), ram_type("ddr3l", 25)];

const fn ram_type(name: &'static str, weight: u16) -> Level<&'static str> {
    Level { value: name, zloty: 0, weights: [weight; 7] }
}

/// `(model, cores, clock)`, the memory, what the processor adds to the price, and its weights.
const fn chip(
    cells: (&'static str, &'static str, u32),
    memory: Memory,
    zloty: i64,
    weights: [u16; 7],
) -> Level<Chip> {
    Level { value: Chip { model: cells.0, cores: cells.1, clock: cells.2, memory }, zloty, weights }
}

/// The processors of the market; the weights are per mille of a segment.
pub(super) const CHIPS: &[Level<Chip>] = &[
    chip(("intel core i7", "4", 280), NEW, 1500, [0, 0, 0, 5, 0, 411, 474]),
    chip(("intel core i7", "4", 260), NEW, 1350, [0, 0, 2, 26, 0, 193, 265]),
    chip(("intel core i7", "4", 250), OLD, 1000, [0, 0, 2, 5, 0, 18, 26]),
    chip(("intel core i7", "4", 240), OLD, 900, [0, 0, 2, 3, 0, 15, 16]),
    chip(("intel core i7", "4", 290), NEW, 2100, [0, 0, 0, 0, 0, 3, 50]),
    chip(("intel core i7", "4", 180), NEW, 1400, [0, 0, 8, 21, 92, 0, 10]),
    chip(("intel core i7", "2", 270), NEW, 1150, [0, 0, 39, 59, 189, 4, 31]),
    chip(("intel core i7", "2", 250), MIXED, 1050, [0, 0, 39, 36, 65, 5, 23]),
    chip(("intel core i7", "2", 240), OLD, 750, [0, 0, 22, 17, 19, 3, 7]),
    chip(("intel core i7", "2", 200), OLD, 700, [0, 0, 10, 2, 5, 0, 0]),
    chip(("intel core i7", "2", 180), OLD, 700, [0, 0, 21, 13, 24, 0, 0]),
    chip(("intel core i7", "3", 280), NEW, 1450, [0, 0, 0, 0, 0, 21, 23]),
    chip(("intel core i5", "4", 250), NEW, 1050, [0, 0, 0, 5, 0, 189, 33]),
    chip(("intel core i5", "4", 230), NEW, 830, [0, 0, 0, 5, 0, 99, 16]),
    chip(("intel core i5", "4", 160), NEW, 950, [0, 0, 16, 29, 94, 0, 0]),
    chip(("intel core i5", "3", 250), NEW, 1000, [0, 0, 2, 0, 0, 15, 0]),
    chip(("intel core i5", "2", 250), NEW, 800, [0, 0, 189, 332, 268, 9, 0]),
    chip(("intel core i5", "2", 230), MIXED, 630, [0, 0, 54, 86, 131, 5, 0]),
    chip(("intel core i5", "2", 240), MIXED, 720, [0, 0, 11, 39, 27, 0, 0]),
    chip(("intel core i5", "2", 260), OLD, 500, [0, 7, 20, 78, 7, 6, 0]),
    chip(("intel core i5", "2", 220), OLD, 500, [0, 0, 56, 33, 25, 0, 0]),
    chip(("intel core i5", "2", 170), OLD, 450, [0, 0, 21, 13, 20, 0, 0]),
    chip(("intel core i5", "2", 160), OLD, 430, [0, 0, 6, 5, 12, 0, 0]),
    chip(("intel core i5", "2", 270), OLD, 470, [0, 0, 3, 4, 0, 0, 0]),
    chip(("intel core i3", "2", 200), MIXED, 620, [0, 193, 195, 58, 5, 0, 0]),
    chip(("intel core i3", "2", 240), NEW, 700, [0, 22, 81, 48, 11, 0, 0]),
    chip(("intel core i3", "2", 230), MIXED, 660, [0, 12, 28, 17, 5, 0, 0]),
    chip(("intel core i3", "2", 210), OLD, 470, [0, 25, 42, 20, 0, 0, 0]),
    chip(("intel core i3", "2", 190), OLD, 450, [0, 39, 23, 9, 0, 0, 0]),
    chip(("intel core i3", "2", 170), OLD, 430, [0, 41, 17, 3, 0, 0, 0]),
    chip(("intel core i3", "2", 250), OLD, 480, [0, 6, 6, 8, 0, 0, 0]),
    chip(("intel pentium dual-core", "2", 210), OLD, 520, [0, 68, 9, 6, 0, 0, 0]),
    chip(("intel pentium dual-core", "2", 190), MIXED, 520, [0, 31, 5, 5, 0, 0, 0]),
    chip(("intel pentium dual-core", "2", 170), OLD, 520, [0, 35, 3, 2, 0, 0, 0]),
    chip(("intel pentium quad-core ", "4", 160), OLD, 380, [72, 31, 3, 0, 0, 0, 0]),
    chip(("intel pentium quad-core ", "4", 216), OLD, 380, [0, 33, 0, 0, 0, 0, 0]),
    chip(("intel pentium quad-core ", "4", 110), MIXED, 380, [52, 5, 1, 0, 0, 0, 0]),
    chip(("intel celeron dual-core", "2", 160), OLD, 180, [182, 54, 2, 2, 0, 0, 0]),
    chip(("intel celeron dual-core", "2", 216), OLD, 180, [0, 45, 0, 0, 0, 0, 0]),
    chip(("intel celeron dual-core", "2", 110), MIXED, 180, [71, 18, 2, 2, 0, 0, 0]),
    chip(("intel celeron ", "2", 160), OLD, 120, [152, 55, 2, 0, 0, 0, 0]),
    chip(("intel celeron ", "2", 110), MIXED, 130, [72, 8, 0, 0, 0, 0, 0]),
    chip(("intel celeron ", "2", 180), OLD, 110, [0, 22, 1, 0, 0, 0, 0]),
    chip(("intel celeron quad core ", "4", 110), MIXED, 150, [62, 7, 0, 0, 0, 0, 0]),
    chip(("intel celeron quad core ", "4", 200), OLD, 140, [0, 17, 0, 0, 0, 0, 0]),
    chip(("amd a6", "2", 250), MIXED, 450, [0, 96, 21, 0, 0, 0, 0]),
    chip(("amd a6", "4", 200), OLD, 450, [0, 39, 5, 0, 0, 0, 0]),
    chip(("amd a6", "2", 200), OLD, 450, [0, 28, 2, 0, 0, 0, 0]),
    chip(("amd a8", "4", 220), OLD, 480, [0, 25, 6, 0, 0, 0, 0]),
    chip(("amd a8", "4", 200), OLD, 480, [0, 9, 2, 0, 0, 0, 0]),
    chip(("amd a10", "4", 240), MIXED, 420, [0, 4, 3, 1, 0, 0, 0]),
    chip(("amd a10", "4", 180), OLD, 400, [0, 2, 5, 0, 0, 0, 0]),
    chip(("amd a12", "4", 270), NEW, 500, [0, 0, 11, 2, 0, 0, 0]),
    chip(("amd e1", "2", 135), OLD, 90, [57, 8, 0, 0, 0, 0, 0]),
    chip(("other CPU", "4", 133), OLD, 60, [124, 3, 0, 0, 0, 0, 0]),
    chip(("other CPU", "4", 144), OLD, 70, [71, 2, 0, 0, 0, 0, 0]),
    chip(("other CPU", "4", 300), NEW, 1300, [0, 0, 0, 0, 0, 5, 0]),
];
