use super::*;

#[test]
fn a_price_follows_seconds_and_surcharges() {
    let cents = |count: i64| Usd::from_micros(count * 10_000);
    let surcharge = Surcharge { param: "is_rec".into(), equals: Value::Bool(true), usd: cents(5) };
    let price = Price { per: PriceUnit::Second, usd: cents(3), surcharges: vec![surcharge] };
    let mut request = Request::new("uniall/viduq3t-540p".parse().unwrap());
    assert_eq!(price.of(&request, 5), cents(15));
    request.duration = Some(8);
    assert_eq!(price.of(&request, 5), cents(24));
    request.params.insert("is_rec".into(), Value::Bool(true));
    assert_eq!(price.of(&request, 5), cents(29));
    request.params.insert("is_rec".into(), Value::Bool(false));
    assert_eq!(price.of(&request, 5), cents(24));
}

#[test]
fn an_unknown_price_is_never_told_as_zero_dollars() {
    let usd = |cents: &[i64]| cents.iter().map(|count| Usd::from_micros(count * 10_000)).collect::<Vec<_>>();
    assert_eq!(amount(usd(&[])), "$0.00");
    assert_eq!(amount(usd(&[40, 20])), "$0.60");
    assert_eq!(amount(usd(&[0, 0])), "an unknown amount");
    assert_eq!(amount(usd(&[0, 40, 0])), "$0.40 and an unknown amount for 2 of them");
    assert_eq!(up_to(usd(&[40])), "up to $0.40");
    assert_eq!(up_to(usd(&[0])), "an unknown amount");
    assert_eq!(counts_as_spent(Usd::from_micros(400_000)), "$0.40 counts as spent");
    assert_eq!(counts_as_spent(Usd::ZERO), "nothing counts as spent, because no amount is known");
}

#[test]
fn a_price_is_shown_with_its_unit() {
    let shown = PriceUnit::ALL
        .map(|per| Price { per, usd: Usd::from_micros(200_000), surcharges: Vec::new() }.to_string());
    assert_eq!(shown, ["$0.20 a clip", "$0.20 a second"]);
}
