use super::*;

#[test]
fn no_code_of_a_table_begins_another() {
    let whole = |table: &[&[&'static str]]| vec![table.concat()];
    let rows = |table: &[&[&'static str]]| table.iter().map(|row| row.to_vec()).collect::<Vec<_>>();
    let tables = [
        whole(&COUNT),
        whole(&COUNT_AMONG_MORE),
        whole(&COLOUR_COUNT),
        rows(&ZEROS),
        rows(&COLOUR_ZEROS),
        rows(&RUN),
    ];
    for codes in tables.concat() {
        for (index, code) in codes.iter().enumerate() {
            let others = codes.iter().enumerate().filter(|(other, _)| *other != index);
            assert_eq!(others.filter(|(_, other)| other.starts_with(code)).count(), 0, "{code}: {codes:?}");
        }
    }
}

#[test]
fn the_worked_examples_give_their_bits() {
    let written = |write: &dyn Fn(&mut Bits)| {
        let mut bits = Bits::default();
        write(&mut bits);
        bits.into_unit(0)
    };
    // No coefficient; one coefficient of 3. The bits were derived by hand from the standard.
    assert_eq!(written(&|bits| brightness(bits, &[0; 3], 0)), [0, 0b1100_0000]);
    assert_eq!(written(&|bits| brightness(bits, &[3, 0, 0], 0)), [0, 0b0001_0100, 0b1110_0000]);
    // 000110 (two, a one) 1 (sign) 001 (3) 01 (one zero) 0 (run 1)
    assert_eq!(written(&|bits| colour(bits, &[3, 0, -1, 0])), [0, 0b0001_1010, 0b0101_0100]);
}
