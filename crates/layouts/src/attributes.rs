//! The attributes of a laptop's listing: their names in the raw files, and what their cells mean.

use artifacts::Kind;

/// An attribute that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// `CPU clock speed (GHz)`.
    ClockSpeed,
    /// `drive memory size (GB)`.
    DriveSize,
    /// `buynow_price`, the label.
    Price,
}

/// An attribute that is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// `graphic card type`.
    GraphicCard,
    /// `resolution (px)`, as in `1920 x 1080`.
    Resolution,
    /// `CPU cores`.
    Cores,
    /// `RAM size`, as in `8 gb`.
    RamSize,
    /// `drive type`.
    DriveType,
    /// `RAM type`.
    RamType,
    /// `CPU model`.
    CpuModel,
    /// `state`, the same in all rows.
    State,
    /// `warranty`.
    Warranty,
    /// `screen size`, as in `15" - 15.9"`.
    Screen,
}

/// An attribute that is a list of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// `communications`.
    Communications,
    /// `operating system`.
    OperatingSystem,
    /// `input devices`.
    InputDevices,
    /// `multimedia`.
    Multimedia,
}

/// Any attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// A number.
    Number(Number),
    /// A text.
    Text(Text),
    /// A list of texts.
    List(List),
}

/// All attributes, in the order of the raw files.
pub const ATTRIBUTES: [Attribute; 17] = [
    Attribute::Text(Text::GraphicCard),
    Attribute::List(List::Communications),
    Attribute::Text(Text::Resolution),
    Attribute::Text(Text::Cores),
    Attribute::Text(Text::RamSize),
    Attribute::List(List::OperatingSystem),
    Attribute::Text(Text::DriveType),
    Attribute::List(List::InputDevices),
    Attribute::List(List::Multimedia),
    Attribute::Text(Text::RamType),
    Attribute::Number(Number::ClockSpeed),
    Attribute::Text(Text::CpuModel),
    Attribute::Text(Text::State),
    Attribute::Number(Number::DriveSize),
    Attribute::Text(Text::Warranty),
    Attribute::Text(Text::Screen),
    Attribute::Number(Number::Price),
];

impl Number {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 3] = [Self::ClockSpeed, Self::DriveSize, Self::Price];

    /// The name in the raw files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClockSpeed => "CPU clock speed (GHz)",
            Self::DriveSize => "drive memory size (GB)",
            Self::Price => "buynow_price",
        }
    }
}

impl Text {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 10] = [
        Self::GraphicCard,
        Self::Resolution,
        Self::Cores,
        Self::RamSize,
        Self::DriveType,
        Self::RamType,
        Self::CpuModel,
        Self::State,
        Self::Warranty,
        Self::Screen,
    ];

    /// The name in the raw files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GraphicCard => "graphic card type",
            Self::Resolution => "resolution (px)",
            Self::Cores => "CPU cores",
            Self::RamSize => "RAM size",
            Self::DriveType => "drive type",
            Self::RamType => "RAM type",
            Self::CpuModel => "CPU model",
            Self::State => "state",
            Self::Warranty => "warranty",
            Self::Screen => "screen size",
        }
    }

    /// How the matrix of features reads the text.
    pub fn kind(self) -> Kind {
        match self {
            Self::Resolution => Kind::Pair(["resolution_x".to_owned(), "resolution_y".to_owned()]),
            Self::Cores => Kind::Number,
            Self::RamSize => Kind::SizeGb,
            Self::Screen => Kind::LeadingNumber,
            Self::GraphicCard
            | Self::DriveType
            | Self::RamType
            | Self::CpuModel
            | Self::State
            | Self::Warranty => Kind::Category,
        }
    }
}

impl List {
    /// All of them, in the order of the variants.
    pub const ALL: [Self; 4] =
        [Self::Communications, Self::OperatingSystem, Self::InputDevices, Self::Multimedia];

    /// The name in the raw files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Communications => "communications",
            Self::OperatingSystem => "operating system",
            Self::InputDevices => "input devices",
            Self::Multimedia => "multimedia",
        }
    }
}

impl Attribute {
    /// The name in the raw files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number(number) => number.name(),
            Self::Text(text) => text.name(),
            Self::List(list) => list.name(),
        }
    }

    /// What its values are: `number`, `text` or `list`.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Text(_) => "text",
            Self::List(_) => "list",
        }
    }
}
