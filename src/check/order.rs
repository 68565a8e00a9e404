//! An order in which each comes after what it uses.
//!
//! In: for each, what it uses, by number. Out: the order, and the circles in it. **Invariant:** deterministic: as declared, where nothing
//! forces another order; linear in the number of uses; does not recurse, for a chain may be long.

/// What [`sort`] finds.
pub(super) struct Sorted {
    /// Everything, each after what it uses, as far as there is no circle.
    pub(super) order: Vec<usize>,
    /// Each circle once, beginning with its first member as declared.
    pub(super) circles: Vec<Vec<usize>>,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    Open,
    Done,
}

pub(super) fn sort(uses: &[Vec<usize>]) -> Sorted {
    let mut state = vec![State::New; uses.len()];
    let mut sorted = Sorted { order: Vec::with_capacity(uses.len()), circles: Vec::new() };
    for start in 0..uses.len() {
        if state[start] != State::New {
            continue;
        }
        state[start] = State::Open;
        // (who, which of its uses comes next)
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            match uses[at].get(*next) {
                Some(used) => {
                    *next += 1;
                    match state[*used] {
                        State::New => {
                            state[*used] = State::Open;
                            path.push((*used, 0));
                        }
                        State::Open => {
                            let from = path.iter().position(|(member, _)| member == used).unwrap_or(0);
                            let mut circle: Vec<usize> = path[from..].iter().map(|(member, _)| *member).collect();
                            let first = circle.iter().enumerate().min_by_key(|(_, member)| **member).map_or(0, |(at, _)| at);
                            circle.rotate_left(first);
                            if !sorted.circles.contains(&circle) {
                                sorted.circles.push(circle);
                            }
                        }
                        State::Done => {}
                    }
                }
                None => {
                    state[at] = State::Done;
                    sorted.order.push(at);
                    path.pop();
                }
            }
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_after_what_it_uses_and_circles_are_found() {
        let sorted = sort(&[vec![2], vec![], vec![1]]);
        assert_eq!(sorted.order, [1, 2, 0]);
        assert!(sorted.circles.is_empty());
        let sorted = sort(&[vec![2], vec![1], vec![0, 3], vec![]]);
        assert_eq!(sorted.circles, [vec![0, 2], vec![1]]);
        assert_eq!(sorted.order.len(), 4);
    }
}
