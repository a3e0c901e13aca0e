//! Chance that is the same in every run.

/// Random numbers that follow from a seed (splitmix64).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The numbers of that seed.
    pub const fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// From 0 to `sides` - 1.
    pub fn throw(&mut self, sides: u64) -> u64 {
        (self.next() >> 32) % sides
    }

    /// From 0 to 1.
    pub fn part(&mut self) -> f64 {
        f64::from(u32::try_from(self.next() >> 32).unwrap()) / f64::from(u32::MAX)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
