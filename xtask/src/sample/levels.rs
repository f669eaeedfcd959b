//! The levels of every column: what each adds to the price, and how often it occurs in each segment.
//!
//! The weights are per mille of a segment (mini, basic, home, office, ultrabook, gaming, workstation),
//! chosen so that the whole market shows the published marginals of the laptop data.

/// One level of a column.
pub(super) struct Level<T> {
    /// What the cell says.
    pub(super) value: T,
    /// What it adds to the list price.
    pub(super) zloty: i64,
    /// How often it occurs in each segment, relative to the other levels of its table.
    pub(super) weights: [u16; 7],
}

const fn level<T: Copy>(value: T, zloty: i64, weights: [u16; 7]) -> Level<T> {
    Level { value, zloty, weights }
}

/// A drive: its type and its size in GB (of a pair of drives, the sum).
#[derive(Clone, Copy)]
pub(super) struct Drive {
    /// The level of the column `drive type`.
    pub(super) kind: &'static str,
    /// Gigabytes.
    pub(super) size: u32,
}

const fn drive(kind: &'static str, size: u32, zloty: i64, weights: [u16; 7]) -> Level<Drive> {
    Level { value: Drive { kind, size }, zloty, weights }
}

/// A list column's level: per mille of the segment's laptops that have it, independently of the others.
pub(super) type Feature = Level<&'static str>;

/// The level of `graphic card type` whose price is a trait of the segment.
pub(super) const DEDICATED: &str = "dedicated graphics";

/// `graphic card type`.
pub(super) const GRAPHICS: &[Level<&str>] = &[
    level(DEDICATED, 0, [0, 114, 623, 389, 186, 1000, 966]),
    level("integrated graphics", 0, [1000, 886, 377, 611, 814, 0, 34]),
];

/// `communications`.
pub(super) const COMMUNICATIONS: &[Feature] = &[
    level("wi-fi", 0, [797, 690, 496, 402, 365, 229, 192]),
    level("wi-fi 802.11 b/g/n/ac", 0, [11, 11, 21, 26, 40, 26, 31]),
    level("wi-fi 802.11 a/b/g/n/ac", 0, [9, 9, 9, 39, 48, 15, 28]),
    level("wi-fi 802.11 b/g/n", 0, [42, 19, 5, 2, 0, 1, 0]),
    level("bluetooth", 0, [843, 901, 939, 920, 939, 908, 920]),
    level("lan 10/100/1000 mbps", 0, [156, 398, 525, 717, 313, 659, 763]),
    level("lan 10/100 mbps", 0, [200, 434, 434, 342, 103, 463, 364]),
    level("intel wireless display (widi)", 0, [10, 21, 109, 162, 264, 193, 202]),
    level("nfc (near field communication)", 40, [20, 69, 146, 254, 340, 264, 291]),
    level("modem 3g (wwan)", 90, [31, 42, 88, 199, 180, 189, 247]),
    level("modem 4g (lte)", 150, [20, 9, 19, 82, 90, 33, 68]),
    level("gps", 30, [30, 21, 31, 50, 80, 40, 40]),
];

/// `resolution (px)`.
pub(super) const RESOLUTION: &[Level<&str>] = &[
    level("1920 x 1080", 200, [168, 121, 537, 622, 835, 955, 611]),
    level("1366 x 768", 0, [766, 839, 388, 280, 37, 5, 0]),
    level("1600 x 900", 80, [13, 39, 75, 91, 10, 28, 0]),
    level("3840 x 2160", 900, [0, 0, 0, 0, 21, 9, 325]),
    level("2560 x 1440", 700, [0, 0, 0, 1, 32, 1, 47]),
    level("1920 x 1280", 500, [0, 0, 0, 6, 49, 0, 0]),
    level("1280 x 800", 0, [53, 2, 0, 0, 0, 0, 0]),
    level("3200 x 1800", 800, [0, 0, 0, 0, 15, 2, 16]),
];

/// `screen size`.
pub(super) const SCREEN: &[Level<&str>] = &[
    level("15\" - 15.9\"", 0, [201, 808, 792, 601, 105, 830, 649]),
    level("14\" - 14.9\"", 60, [157, 59, 66, 291, 431, 9, 50]),
    level("17\" - 17.9\"", 150, [0, 80, 132, 66, 0, 161, 301]),
    level("13\" - 13.9\"", 150, [30, 19, 7, 21, 318, 0, 0]),
    level("11.9\" and less", -150, [573, 24, 3, 4, 34, 0, 0]),
    level("12\" - 12.9\"", 100, [39, 10, 0, 17, 111, 0, 0]),
];

/// `input devices`.
pub(super) const INPUT_DEVICES: &[Feature] = &[
    level("keyboard", 0, [893, 956, 933, 947, 925, 947, 947]),
    level("touchpad", 0, [1000, 1000, 1000, 1000, 1000, 1000, 1000]),
    level("illuminated keyboard", 180, [5, 10, 100, 269, 680, 776, 840]),
    level("numeric keyboard", 30, [98, 508, 684, 323, 39, 486, 539]),
];

/// `multimedia`.
pub(super) const MULTIMEDIA: &[Feature] = &[
    level("SD card reader", 0, [906, 966, 966, 960, 917, 933, 917]),
    level("camera", 20, [968, 969, 985, 985, 991, 991, 985]),
    level("speakers", 0, [929, 921, 925, 921, 930, 925, 930]),
    level("microphone", 0, [906, 928, 934, 934, 934, 934, 934]),
];

/// `RAM size`.
pub(super) const RAM: &[Level<&str>] = &[
    level("8 gb", 350, [0, 153, 444, 587, 587, 463, 63]),
    level("4 gb", 220, [554, 692, 338, 153, 90, 9, 0]),
    level("16 gb", 700, [0, 11, 51, 128, 274, 259, 406]),
    level("12 gb", 520, [0, 43, 131, 100, 30, 154, 62]),
    level("32 gb", 1400, [0, 0, 0, 14, 19, 91, 449]),
    level("6 gb", 260, [0, 62, 27, 12, 0, 0, 0]),
    level("2 gb", 90, [446, 40, 3, 0, 0, 0, 0]),
    level("20 gb", 850, [0, 0, 6, 6, 0, 23, 19]),
];

/// `drive type` and `drive memory size (GB)`.
pub(super) const DRIVE: &[Level<Drive>] = &[
    drive("ssd", 32, 40, [136, 5, 0, 0, 0, 0, 0]),
    drive("ssd", 64, 80, [91, 5, 0, 0, 1, 0, 0]),
    drive("ssd", 120, 180, [54, 125, 72, 63, 15, 15, 0]),
    drive("ssd", 128, 190, [56, 59, 66, 120, 92, 20, 0]),
    drive("ssd", 180, 240, [0, 0, 1, 6, 4, 0, 0]),
    drive("ssd", 240, 300, [0, 80, 135, 138, 71, 52, 21]),
    drive("ssd", 250, 310, [0, 5, 14, 19, 23, 11, 11]),
    drive("ssd", 256, 320, [0, 35, 98, 210, 468, 93, 107]),
    drive("ssd", 480, 580, [0, 18, 78, 84, 50, 86, 83]),
    drive("ssd", 500, 600, [0, 2, 9, 11, 18, 15, 18]),
    drive("ssd", 512, 640, [0, 0, 3, 15, 183, 36, 132]),
    drive("ssd", 525, 650, [0, 0, 1, 1, 1, 1, 0]),
    drive("ssd", 960, 1150, [0, 0, 17, 17, 21, 77, 65]),
    drive("ssd", 1000, 1200, [0, 0, 1, 2, 18, 10, 47]),
    drive("ssd", 1024, 1250, [0, 0, 0, 1, 3, 2, 10]),
    drive("hdd", 160, 60, [19, 5, 0, 0, 0, 0, 0]),
    drive("hdd", 320, 80, [11, 2, 1, 1, 0, 0, 0]),
    drive("hdd", 500, 110, [206, 280, 70, 86, 9, 3, 0]),
    drive("hdd", 750, 140, [0, 4, 3, 1, 0, 0, 0]),
    drive("hdd", 1000, 180, [0, 332, 320, 130, 9, 221, 57]),
    drive("hdd", 2000, 300, [0, 4, 9, 2, 0, 9, 21]),
    drive("ssd + hdd", 628, 330, [0, 2, 5, 5, 0, 0, 0]),
    drive("ssd + hdd", 756, 430, [0, 0, 3, 4, 0, 2, 0]),
    drive("ssd + hdd", 1120, 400, [0, 3, 24, 9, 0, 18, 9]),
    drive("ssd + hdd", 1128, 420, [0, 2, 22, 30, 5, 98, 60]),
    drive("ssd + hdd", 1240, 520, [0, 2, 7, 3, 0, 13, 8]),
    drive("ssd + hdd", 1250, 530, [0, 2, 6, 3, 0, 28, 23]),
    drive("ssd + hdd", 1256, 550, [0, 2, 10, 14, 6, 75, 84]),
    drive("ssd + hdd", 1480, 800, [0, 0, 1, 0, 0, 1, 0]),
    drive("ssd + hdd", 1500, 820, [0, 0, 2, 2, 0, 29, 48]),
    drive("ssd + hdd", 1512, 850, [0, 0, 2, 4, 0, 40, 95]),
    drive("ssd + hdd", 1628, 450, [0, 0, 2, 2, 0, 10, 8]),
    drive("ssd + hdd", 1756, 700, [0, 0, 0, 1, 0, 5, 9]),
    drive("ssd + hdd", 2128, 600, [0, 0, 1, 1, 0, 5, 7]),
    drive("ssd + hdd", 2256, 1100, [0, 0, 0, 1, 0, 9, 29]),
    drive("ssd + hdd", 2480, 1700, [0, 0, 0, 0, 0, 1, 10]),
    drive("ssd + hdd", 2512, 1700, [0, 0, 0, 0, 0, 3, 29]),
    drive("ssd + hdd", 2960, 3500, [0, 0, 0, 0, 0, 2, 11]),
    drive("emmc", 32, 20, [270, 5, 1, 0, 0, 0, 0]),
    drive("emmc", 64, 60, [156, 4, 0, 0, 4, 0, 0]),
    drive("hybrid", 500, 200, [0, 6, 5, 11, 0, 2, 0]),
    drive("hybrid", 1008, 280, [0, 2, 2, 1, 0, 1, 0]),
    drive("hybrid", 1000, 260, [0, 8, 8, 3, 0, 5, 0]),
];

/// `operating system`: the sets that sellers tick.
pub(super) const SYSTEM: &[Level<&[&str]>] = &[
    level(&["windows 10 home"], 300, [720, 632, 641, 221, 657, 599, 195]),
    level(&["windows 10 professional"], 420, [62, 89, 90, 540, 256, 66, 513]),
    level(&["no system"], 0, [59, 132, 176, 94, 20, 315, 249]),
    level(&["windows 10 home", "other"], 290, [72, 54, 60, 29, 39, 21, 29]),
    level(&["windows 7 professional 64-bit"], 100, [0, 16, 5, 107, 19, 0, 28]),
    level(&["windows 8.1 home 64-bit"], 150, [16, 46, 14, 2, 6, 0, 0]),
    level(&["windows 8.1 home 64-bit", "other"], 160, [0, 21, 15, 5, 9, 0, 0]),
    level(&["windows 7 professional 64-bit", "windows 10 professional"], 450, [0, 2, 1, 33, 5, 0, 20]),
    level(&["other"], 100, [20, 9, 4, 3, 5, 4, 5]),
    level(&["windows 8.1 professional 64-bit"], 200, [0, 2, 1, 7, 4, 0, 0]),
    level(&["windows 8.1 home 32-bit"], 100, [26, 2, 0, 0, 0, 0, 0]),
    level(&["windows 8.1 home 32-bit", "other"], 110, [30, 2, 0, 0, 0, 0, 0]),
];

/// `warranty`. A seller's own warranty comes with imports and odd lots.
pub(super) const WARRANTY: &[Level<&str>] = &[
    level("producer warranty", 0, [547, 597, 789, 920, 950, 971, 930]),
    level("seller warranty", -250, [453, 403, 211, 80, 50, 29, 70]),
];
