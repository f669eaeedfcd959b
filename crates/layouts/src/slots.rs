//! Records as slots: a struct with fixed fields, as Python's `__slots__` fixes the attributes of an object.
//!
//! A field that is not there is found by the compiler. This builds:
//!
//! ```
//! fn cheaper(laptop: &mut layouts::slots::Laptop) {
//!     laptop.price -= 100.0;
//! }
//! ```
//!
//! The same with a misspelt field does not (E0609, no field `prise` on type `&mut Laptop`):
//!
//! ```compile_fail,E0609
//! fn cheaper(laptop: &mut layouts::slots::Laptop) {
//!     laptop.prise -= 100.0;
//! }
//! ```

use crate::attributes::{List, Number, Text};
use crate::layout::Layout;
use crate::listings::{Listings, Sample};

/// A listing with a slot per attribute.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are the attributes, which attributes.rs documents")]
pub struct Laptop {
    pub graphic_card: String,
    pub communications: Vec<String>,
    pub resolution: String,
    pub cores: String,
    pub ram_size: String,
    pub operating_system: Vec<String>,
    pub drive_type: String,
    pub input_devices: Vec<String>,
    pub multimedia: Vec<String>,
    pub ram_type: String,
    pub clock_speed: f64,
    pub cpu_model: String,
    pub state: String,
    pub drive_size: f64,
    pub warranty: String,
    pub screen: String,
    pub price: f64,
}

/// Listings as structs, one after the other.
#[derive(Clone, Debug)]
pub struct Slots {
    records: Vec<Laptop>,
}

impl Laptop {
    fn new(listings: &Listings, row: usize) -> Self {
        let number = |attribute| listings.number(row, attribute);
        let text = |attribute| listings.text(row, attribute).to_owned();
        let list = |attribute| listings.list(row, attribute).to_vec();
        Self {
            graphic_card: text(Text::GraphicCard),
            communications: list(List::Communications),
            resolution: text(Text::Resolution),
            cores: text(Text::Cores),
            ram_size: text(Text::RamSize),
            operating_system: list(List::OperatingSystem),
            drive_type: text(Text::DriveType),
            input_devices: list(List::InputDevices),
            multimedia: list(List::Multimedia),
            ram_type: text(Text::RamType),
            clock_speed: number(Number::ClockSpeed),
            cpu_model: text(Text::CpuModel),
            state: text(Text::State),
            drive_size: number(Number::DriveSize),
            warranty: text(Text::Warranty),
            screen: text(Text::Screen),
            price: number(Number::Price),
        }
    }
}

// Attributes are known where these are called, so that inlined a match is the offset of a field.
impl Layout for Slots {
    const NAME: &'static str = "slots";

    fn hold(listings: &Listings, sample: &Sample) -> Self {
        Self { records: sample.picks.iter().map(|&row| Laptop::new(listings, row)).collect() }
    }

    fn rows(&self) -> usize {
        self.records.len()
    }

    #[inline]
    fn number(&self, row: usize, attribute: Number) -> Option<f64> {
        let laptop = &self.records[row];
        Some(match attribute {
            Number::ClockSpeed => laptop.clock_speed,
            Number::DriveSize => laptop.drive_size,
            Number::Price => laptop.price,
        })
    }

    #[inline]
    fn text(&self, row: usize, attribute: Text) -> Option<&str> {
        let laptop = &self.records[row];
        Some(match attribute {
            Text::GraphicCard => &laptop.graphic_card,
            Text::Resolution => &laptop.resolution,
            Text::Cores => &laptop.cores,
            Text::RamSize => &laptop.ram_size,
            Text::DriveType => &laptop.drive_type,
            Text::RamType => &laptop.ram_type,
            Text::CpuModel => &laptop.cpu_model,
            Text::State => &laptop.state,
            Text::Warranty => &laptop.warranty,
            Text::Screen => &laptop.screen,
        })
    }

    #[inline]
    fn list(&self, row: usize, attribute: List) -> Option<impl ExactSizeIterator<Item = &str>> {
        let laptop = &self.records[row];
        let items = match attribute {
            List::Communications => &laptop.communications,
            List::OperatingSystem => &laptop.operating_system,
            List::InputDevices => &laptop.input_devices,
            List::Multimedia => &laptop.multimedia,
        };
        Some(items.iter().map(String::as_str))
    }

    fn rewrite(&mut self, attribute: Number, change: impl Fn(f64) -> f64) {
        for laptop in &mut self.records {
            let number = match attribute {
                Number::ClockSpeed => &mut laptop.clock_speed,
                Number::DriveSize => &mut laptop.drive_size,
                Number::Price => &mut laptop.price,
            };
            *number = change(*number);
        }
    }
}
