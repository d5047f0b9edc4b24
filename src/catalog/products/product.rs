//! Chooses the row and the picture that represent a product, and the reason for skipping it.

use super::{Product, Variant, different};
use crate::catalog::cells::Row;
use std::rc::Rc;

impl Product {
    /// Returns the variant's own picture, or else the first picture of the product; `None` if there is neither.
    pub(in crate::catalog) fn picture<'p>(&'p self, variant: &'p Variant) -> Option<&'p Rc<str>> {
        variant.picture.as_ref().or_else(|| self.pictures.first())
    }

    /// Returns the row and the picture that represent the product: normally its first row and its first picture.
    ///
    /// If the first variant is skipped, the first variant that is not skipped may replace it:
    ///
    /// - With `has_own_titles`, and if the product has no row of its own, the row and the picture of that later variant
    ///   are returned.
    /// - Otherwise only the picture is replaced, and only if the product's first picture belongs to skipped variants
    ///   alone.
    pub(in crate::catalog) fn face(&self, has_own_titles: bool) -> (&Rc<Row>, Option<&Rc<str>>) {
        let first = self.pictures.first();
        let Some((at, row)) = self.shown.as_ref().filter(|(at, _)| *at > 0) else {
            return (&self.head, first);
        };
        let shown = &self.variants[*at];
        if has_own_titles && !self.is_apart {
            return (row, self.picture(shown));
        }
        let mut owners =
            self.variants.iter().filter(|variant| first.is_some() && variant.picture.as_ref() == first);
        // A picture of the whole product was chosen by the shop, so it stays.
        let is_gone = !self.has_lead && owners.all(|owner| owner.left_out.is_some());
        (&self.head, if is_gone { self.picture(shown) } else { first })
    }

    pub(super) fn variant_pictures(&self) -> usize {
        different(self.variants.iter().filter_map(|variant| self.picture(variant)))
    }

    /// Returns the reason for skipping a variant; `None` if it is not skipped.
    pub(in crate::catalog) fn why_not(&self, variant: &Variant) -> Option<&'static str> {
        self.left_out.or(variant.left_out)
    }

    /// Returns the reason for skipping the product: its own, or that of its variants if all of them are skipped.
    /// Returns `None` if it is not skipped.
    pub(in crate::catalog) fn why_none(&self) -> Option<&'static str> {
        let is_none = self.variants.iter().all(|variant| variant.left_out.is_some());
        self.left_out.or_else(|| self.variants.first().filter(|_| is_none)?.left_out)
    }
}
