//! The queue of best-first growth, which breaks ties as C++'s heap does.

/// A max-heap by improvement with the order of libstdc++'s `push_heap` and `pop_heap`.
///
/// The numbers of a tree's nodes follow from the order in which equal improvements come out, so
/// `std::collections::BinaryHeap`, which sifts differently, would number them differently.
#[derive(Debug)]
pub(super) struct Frontier<T>(Vec<(f64, T)>);

impl<T> Frontier<T> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn push(&mut self, improvement: f64, item: T) {
        self.0.push((improvement, item));
        self.sift_up(self.0.len() - 1);
    }

    /// Takes out an item of the largest improvement.
    pub(super) fn pop(&mut self) -> Option<T> {
        let last = self.0.len().checked_sub(1)?;
        // The last item sinks from the top to the bottom, always after the larger child (the right one of
        // equal ones), and rises from there, as the hole does in libstdc++'s `__adjust_heap`.
        self.0.swap(0, last);
        let (_, top) = self.0.pop()?;
        let mut hole = 0;
        loop {
            let (left, right) = (2 * hole + 1, 2 * hole + 2);
            let child = match self.0.len() {
                len if right < len && self.0[right].0 < self.0[left].0 => left,
                len if right < len => right,
                len if left < len => left,
                _ => break,
            };
            self.0.swap(hole, child);
            hole = child;
        }
        if hole > 0 {
            self.sift_up(hole);
        }
        Some(top)
    }

    fn sift_up(&mut self, mut at: usize) {
        while at > 0 && self.0[(at - 1) / 2].0 < self.0[at].0 {
            let parent = (at - 1) / 2;
            self.0.swap(at, parent);
            at = parent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Frontier;

    /// The expected order is that of `std::push_heap` and `std::pop_heap` on the same improvements.
    #[test]
    fn ties_come_out_as_in_libstdcxx() {
        let mut frontier = Frontier::new();
        for (name, improvement) in
            [1.0, 2.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 1.0, 1.0].into_iter().enumerate()
        {
            frontier.push(improvement, name);
        }
        let order: Vec<_> = std::iter::from_fn(|| frontier.pop()).collect();
        assert_eq!(order, [1, 2, 5, 8, 10, 9, 4, 7, 0, 6, 3]);
    }
}
