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
fn a_price_is_shown_with_its_unit() {
    let shown = PriceUnit::ALL
        .map(|per| Price { per, usd: Usd::from_micros(200_000), surcharges: Vec::new() }.to_string());
    assert_eq!(shown, ["$0.20 a clip", "$0.20 a second"]);
}
