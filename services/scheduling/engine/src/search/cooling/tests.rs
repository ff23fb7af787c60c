use std::time::Duration;

use super::Cooling;

#[test]
fn parts_are_the_whole_one_after_the_other() {
    let whole = Cooling::even(100.0, 1.0);
    let pace = vec![Duration::from_millis(10); whole.steps()];
    let mut left = Duration::from_secs(100);
    let mut epochs = vec![0; whole.steps()];
    for number in 0..7 {
        let (part, of_rest) = whole.part(number, 7, &pace);
        let time = left.mul_f64(of_rest);
        left -= time;
        let planned = part.epochs(part.affordable(time, &pace));
        epochs.iter_mut().zip(planned).for_each(|(sum, epochs)| *sum += epochs);
    }
    assert!(left < Duration::from_millis(1), "{left:?}");
    let asked = whole.epochs(whole.affordable(Duration::from_secs(100), &pace));
    let near = epochs.iter().zip(&asked).all(|(part, whole)| part.abs_diff(*whole) <= 2);
    assert!(near, "{epochs:?} {asked:?}");
}
