//! Numbers as people read them: thousands apart, a true minus sign, no more digits than they carry.

/// The minus sign of typography.
pub const MINUS: &str = "\u{2212}";

/// The size of the largest number; what is not finite is left out.
pub fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.filter(|number| number.is_finite()).fold(0.0, |a, b| f64::max(a, b.abs()))
}

/// Digits after the point that show `digits` significant ones of `largest`; at most eight.
pub fn decimals(largest: f64, digits: i32) -> usize {
    if largest == 0.0 || !largest.is_finite() {
        return 0;
    }
    let magnitude = largest.abs().log10().floor() as i32;
    (digits - 1 - magnitude).clamp(0, 8) as usize
}

/// `value` rounded to `decimals`, as in "−12,345.6"; in powers of ten where that would be unreadable.
pub fn grouped(value: f64, decimals: usize) -> String {
    let size = value.abs();
    if value.is_nan() {
        return "–".into();
    }
    let digits = if size.is_infinite() {
        "∞".into()
    } else if size >= 1e12 || (size > 0.0 && size < 1e-6) {
        format!("{size:.2e}")
    } else {
        thousands(&format!("{size:.decimals$}"))
    };
    let vanished = digits.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !vanished { format!("{MINUS}{digits}") } else { digits }
}

/// `value` to `digits` significant digits.
pub fn significant(value: f64, digits: i32) -> String {
    grouped(value, decimals(value, digits))
}

/// A time in the unit that a person would use, as in "4.10 ms" or "1.77 s".
pub fn time(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", significant(1e3 * seconds, 3))
    } else {
        format!("{} s", significant(seconds, 3))
    }
}

/// A number of bytes in the unit that a person would use, as in "34.1 MB".
pub fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", bytes as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A count, as in "12,345".
pub fn count(count: usize) -> String {
    thousands(&count.to_string())
}

/// Commas between groups of three digits before the point.
fn thousands(number: &str) -> String {
    let (whole, fraction) = number.find('.').map_or((number, ""), |point| number.split_at(point));
    let mut text = String::with_capacity(number.len() + whole.len() / 3);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        let cases = [
            (0.0, 0, "0"),
            (999.0, 0, "999"),
            (1000.0, 0, "1,000"),
            (-1_234_567.891, 1, "−1,234,567.9"),
            (-0.04, 1, "0.0"),
            (2.5e-7, 3, "2.50e-7"),
            (f64::NEG_INFINITY, 1, "−∞"),
            (f64::NAN, 1, "–"),
        ];
        for (value, decimals, text) in cases {
            assert_eq!(grouped(value, decimals), text);
        }
    }

    #[test]
    fn bytes_have_units() {
        let cases = [(999, "999 B"), (34_100_000, "34.1 MB"), (2_500, "2 kB"), (1_250_000_000, "1.2 GB")];
        for (number, text) in cases {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn significant_digits_set_the_decimals() {
        for (value, text) in [(12_345.6, "12,346"), (515.53, "515.5"), (0.01234, "0.01234"), (0.0, "0")] {
            assert_eq!(significant(value, 4), text);
        }
    }
}
