//! The market segments that tie the attributes of a laptop to each other and to its price.

use self::Segment::{Basic, Gaming, Home, Mini, Office, Ultrabook, Workstation};

/// A part of the market. Tables of weights have one entry per segment, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// Netbooks, and tablets with a keyboard.
    Mini,
    /// Cheap machines for the web.
    Basic,
    /// All-round machines for a family.
    Home,
    /// Business machines with Windows Professional.
    Office,
    /// Thin, light and dear for what they compute.
    Ultrabook,
    /// Quad-core processors with a dedicated graphics card.
    Gaming,
    /// Large memories and fine screens.
    Workstation,
}

/// What a segment is like, and what it does to the price.
#[derive(Clone, Copy)]
pub(super) struct Traits {
    /// The segment.
    pub(super) segment: Segment,
    /// Per mille of the products, and of the offers, that belong to it.
    pub(super) share: usize,
    /// Zloty for the case, the board and the battery.
    pub(super) chassis: i64,
    /// Zloty for a dedicated graphics card.
    pub(super) graphics: i64,
    /// Standard deviation, in per mille, of the factor that a line has on the price.
    pub(super) spread: i64,
}

/// The segments' traits, in the order of [`Segment`].
pub(super) const TRAITS: [Traits; 7] = [
    Traits { segment: Mini, share: 25, chassis: 290, graphics: 0, spread: 70 },
    Traits { segment: Basic, share: 125, chassis: 420, graphics: 150, spread: 70 },
    Traits { segment: Home, share: 290, chassis: 640, graphics: 350, spread: 80 },
    Traits { segment: Office, share: 190, chassis: 1030, graphics: 300, spread: 80 },
    Traits { segment: Ultrabook, share: 60, chassis: 1250, graphics: 300, spread: 90 },
    Traits { segment: Gaming, share: 270, chassis: 1240, graphics: 800, spread: 70 },
    Traits { segment: Workstation, share: 40, chassis: 2600, graphics: 1200, spread: 100 },
];
