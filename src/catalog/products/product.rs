//! The row, the picture and the state of a product.

use super::{Product, Variant, different};
use crate::catalog::cells::Row;
use std::rc::Rc;

impl Product {
    /// The picture of a variant: its own, else the first of the product.
    pub(in crate::catalog) fn picture<'p>(&'p self, variant: &'p Variant) -> Option<&'p Rc<str>> {
        variant.picture.as_ref().or_else(|| self.pictures.first())
    }

    /// Returns the row and the picture that stand for the product.
    ///
    /// Where no row speaks for the product as a whole (`has_own_titles`), these are those of the first variant that is
    /// not left out. So is the picture where the product has none of its own, and the
    /// first one belongs only to variants that are left out.
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
        // The first picture of the product as a whole was chosen by its shop.
        let is_gone = !self.has_lead && owners.all(|owner| owner.left_out.is_some());
        (&self.head, if is_gone { self.picture(shown) } else { first })
    }

    /// Returns the number of pictures that stand for its variants.
    pub(super) fn variant_pictures(&self) -> usize {
        different(self.variants.iter().filter_map(|variant| self.picture(variant)))
    }

    /// Why a variant makes no clips, if it makes none.
    pub(in crate::catalog) fn why_not(&self, variant: &Variant) -> Option<&'static str> {
        self.left_out.or(variant.left_out)
    }

    /// Why no clip of the product as a whole is made, if none is.
    pub(in crate::catalog) fn why_none(&self) -> Option<&'static str> {
        let is_none = self.variants.iter().all(|variant| variant.left_out.is_some());
        self.left_out.or_else(|| self.variants.first().filter(|_| is_none)?.left_out)
    }
}
