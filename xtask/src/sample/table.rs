//! The table that the files hold: its columns, and its rows of cells.

use super::segments::Segment;

/// A column. The order is that of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// `graphic card type`
    Graphics,
    /// `communications`
    Communications,
    /// `resolution (px)`
    Resolution,
    /// `CPU cores`
    Cores,
    /// `RAM size`
    Ram,
    /// `operating system`
    System,
    /// `drive type`
    DriveType,
    /// `input devices`
    InputDevices,
    /// `multimedia`
    Multimedia,
    /// `RAM type`
    RamType,
    /// `CPU clock speed (GHz)`
    Clock,
    /// `CPU model`
    Model,
    /// `state`
    State,
    /// `drive memory size (GB)`
    DriveSize,
    /// `warranty`
    Warranty,
    /// `screen size`
    Screen,
    /// `buynow_price`
    Price,
}

/// The columns' names, in the order of [`Column`].
pub(super) const NAMES: [&str; 17] = [
    "graphic card type",
    "communications",
    "resolution (px)",
    "CPU cores",
    "RAM size",
    "operating system",
    "drive type",
    "input devices",
    "multimedia",
    "RAM type",
    "CPU clock speed (GHz)",
    "CPU model",
    "state",
    "drive memory size (GB)",
    "warranty",
    "screen size",
    "buynow_price",
];

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// No value.
    Missing,
    /// A string.
    Text(&'static str),
    /// A number with up to two decimals, in hundredths.
    Hundredths(u32),
    /// Several strings.
    List(Vec<&'static str>),
}

/// One row.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The segment that the laptop belongs to; the files do not tell.
    pub(super) segment: Segment,
    /// The cells, in the order of [`Column`].
    pub(super) cells: [Cell; 17],
}

impl Row {
    /// A row of a segment, without any value.
    pub(super) fn new(segment: Segment) -> Row {
        Row { segment, cells: [const { Cell::Missing }; 17] }
    }

    /// The cell in a column.
    pub(super) fn cell(&self, column: Column) -> &Cell {
        &self.cells[column as usize]
    }

    /// Replaces the cell in a column.
    pub(super) fn set(&mut self, column: Column, cell: Cell) {
        self.cells[column as usize] = cell;
    }
}
