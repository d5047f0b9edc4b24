use super::*;
use crate::provider::Registry;

#[test]
fn the_samples_begin_with_the_line_for_editors_and_name_the_prices_of_the_cards() {
    for sample in [SAMPLE, SCENES] {
        assert!(sample.starts_with(schema::MODELINE));
        let models = sample.lines().filter_map(|line| line.split_once("model: ")?.1.split_once(" # "));
        assert!(models.clone().count() > 1);
        for (model, says) in models {
            let price = Registry::built_in().card(&model.parse().unwrap()).unwrap().price.clone().unwrap();
            assert!(says.ends_with(&format!(", {price}")), "{model}: {says}");
        }
    }
}
