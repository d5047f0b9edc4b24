//! Applies the card's remarks: what the provider's documents say about settings, beyond the allowed values.

use super::super::card::{ModelCard, Remark, RemarkKind, shown};
use super::{Finding, is_set};
use crate::domain::request::{Field, Request, Value};

/// Adds a finding for every remark on the model's card (the file of its limits and prices) that applies to the request.
///
/// Also adds a warning if the card is unverified: parts of such a card are assumed, and no document of the provider
/// confirms them.
pub(super) fn check(card: &ModelCard, request: &Request, findings: &mut Vec<Finding>) {
    // If the model lacks the field, `advice::lacking` reports that, with the remark as a note.
    let remarks = card.remarks.iter().filter(|remark| card.has(&remark.field) && concerns(remark, request));
    findings.extend(remarks.filter_map(|remark| {
        let says = &remark.says;
        Some(match remark.kind {
            RemarkKind::Refused => refused(card, remark),
            RemarkKind::Disputed => {
                Finding::warning(&remark.field, format!("the provider's documents disagree: {says}"))
                    .hint("the setting is sent unchanged; check one clip before you submit many")
            }
            RemarkKind::NoEffect => Finding::warning(&remark.field, says.clone()).removable(),
            RemarkKind::CostsExtra if has_surcharge(card, remark) => return None,
            RemarkKind::CostsExtra => Finding::warning(
                &remark.field,
                format!("this setting costs more than the listed price: {says}"),
            )
            .hint(format!("add the extra cost as a surcharge of {} under `prices:`", card.name)),
        })
    }));
    if card.unverified {
        let message = format!("the card of {} is unverified: {}", card.name, card.source);
        findings.push(Finding::warning("model", message).hint("check one clip before you submit many"));
    }
}

/// Returns the finding about a setting that a document of the provider prohibits.
pub(super) fn refused(card: &ModelCard, remark: &Remark) -> Finding {
    let name = match &remark.value {
        Some(value) => format!("{}: {}", remark.field, shown(value)),
        None => remark.field.clone(),
    };
    let message = format!("{} must not be given `{name}`: {}", card.name.model, remark.says);
    Finding::error(&remark.field, message).removable()
}

fn has_surcharge(card: &ModelCard, remark: &Remark) -> bool {
    let surcharges = card.price.iter().flat_map(|price| &price.surcharges);
    let param = remark.field.strip_prefix("params.");
    surcharges.into_iter().any(|surcharge| param == Some(&surcharge.param))
}

fn concerns(remark: &Remark, request: &Request) -> bool {
    let about = match (&remark.value, value(request, &remark.field)) {
        (None, _) => is_set(request, &remark.field),
        (Some(value), set) => set.as_ref() == Some(value),
    };
    let is_on = |other: &String| is_set(request, other) && value(request, other) != Some(Value::Bool(false));
    about && remark.with.as_ref().is_none_or(is_on) && !remark.without.as_ref().is_some_and(is_on)
}

/// Returns the value of a setting; `None` if the setting is unset or a picture. `name` is the name of a field, such as
/// `duration`, or of a parameter, such as `params.seed`.
fn value(request: &Request, name: &str) -> Option<Value> {
    match Field::named(name) {
        Some(field) => request.setting(field)?.value(),
        None => request.params.get(name.strip_prefix("params.").unwrap_or(name)).cloned(),
    }
}
