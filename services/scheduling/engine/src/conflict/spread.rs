//! Whether what some need fits into what there is.

use std::collections::VecDeque;

/// Spreads what each needs over the bins that it may use, none of which holds more than it can, or tells who
/// together need more than all of their bins hold.
///
/// That is a flow from those who need to the bins. Where one can get no more, those that can be reached from
/// there have all their bins among themselves, and full. What was looked at is added to `work`.
pub(super) fn spread(
    needs: &[u64],
    allowed: &[Vec<usize>],
    holds: &[u64],
    work: &mut u64,
) -> Result<(), Vec<usize>> {
    let mut flow = Flow { allowed, room: holds.to_vec(), held: vec![Vec::new(); holds.len()] };
    let mut order: Vec<usize> = (0..needs.len()).collect();
    // Whoever has little choice goes first, so that few must make way.
    order.sort_by_key(|one| allowed[*one].len());
    for one in order {
        let mut left = needs[one];
        for bin in &allowed[one] {
            let taken = left.min(flow.room[*bin]);
            flow.put(one, *bin, taken);
            left -= taken;
            if left == 0 {
                break;
            }
        }
        while left > 0 {
            left -= flow.make_way(one, left, work)?;
        }
    }
    Ok(())
}

struct Flow<'a> {
    allowed: &'a [Vec<usize>],
    /// How much more each bin holds.
    room: Vec<u64>,
    /// Who has how much in each bin.
    held: Vec<Vec<(usize, u64)>>,
}

impl Flow<'_> {
    fn put(&mut self, one: usize, bin: usize, much: u64) {
        if much > 0 {
            self.room[bin] -= much;
            match self.held[bin].iter_mut().find(|(who, _)| *who == one) {
                Some((_, has)) => *has += much,
                None => self.held[bin].push((one, much)),
            }
        }
    }

    fn take(&mut self, one: usize, bin: usize, much: u64) {
        self.room[bin] += much;
        if let Some((_, has)) = self.held[bin].iter_mut().find(|(who, _)| *who == one) {
            *has -= much;
        }
        self.held[bin].retain(|(_, has)| *has > 0);
    }

    fn has(&self, one: usize, bin: usize) -> u64 {
        self.held[bin].iter().find(|(who, _)| *who == one).map_or(0, |(_, has)| *has)
    }

    /// Gets some more for one by moving others on, the shortest way, and tells how much.
    fn make_way(&mut self, one: usize, most: u64, work: &mut u64) -> Result<u64, Vec<usize>> {
        // From whom each bin was reached, and from which bin each who is in the way.
        let mut by: Vec<Option<usize>> = vec![None; self.room.len()];
        let mut from: Vec<Option<usize>> = vec![None; self.allowed.len()];
        let mut met = vec![one];
        let mut waiting = VecDeque::from([one]);
        while let Some(who) = waiting.pop_front() {
            for bin in &self.allowed[who] {
                *work += 1;
                if by[*bin].is_some() {
                    continue;
                }
                by[*bin] = Some(who);
                if self.room[*bin] > 0 {
                    return Ok(self.push(*bin, &by, &from, most));
                }
                for (other, _) in &self.held[*bin] {
                    if *other != one && from[*other].is_none() {
                        from[*other] = Some(*bin);
                        met.push(*other);
                        waiting.push_back(*other);
                    }
                }
            }
        }
        Err(met)
    }

    /// Moves as much as can be on the way that ends in a bin with room.
    fn push(&mut self, end: usize, by: &[Option<usize>], from: &[Option<usize>], most: u64) -> u64 {
        let mut way = Vec::new();
        let mut bin = Some(end);
        while let Some((here, who)) = bin.and_then(|bin| Some((bin, by[bin]?))) {
            way.push((who, here));
            bin = from[who];
        }
        let moved = way.iter().filter_map(|(who, _)| from[*who].map(|bin| self.has(*who, bin)));
        let much = moved.fold(most.min(self.room[end]), u64::min);
        for (who, here) in way {
            // Its old bin is given up first by the next on the way, who comes into it.
            if let Some(old) = from[who] {
                self.take(who, old, much);
            }
            self.put(who, here, much);
        }
        much
    }
}
