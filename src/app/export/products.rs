//! The names by which shops know the items, read from the product file: ids of offers, handles and SKUs.

use crate::app::error::Error;
use crate::app::project::Project;
use crate::domain::item::{Item, OnePer};
use crate::load::{Loaded, each_item};
use crate::manifest::Items;
use std::collections::HashMap;

/// The names by which a shop knows a product.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Product {
    /// Handle of the product; the item's id if the product file has no handles.
    pub(super) handle: String,
    /// SKU of the product; `None` if it has none.
    pub(super) sku: Option<String>,
    /// Id of the product in the shop's system; `None` if the file has none, or if it is the item's id already.
    pub(super) shop_id: Option<String>,
    /// Ids of the product variants that the item's clips show; the item's own id if no variant is known.
    pub(super) offers: Vec<String>,
}

/// The products of a project by item id.
pub(super) struct Products(HashMap<String, Product>);

impl Products {
    /// Reads the products of a project from the product file or the list in the manifest.
    pub(super) fn read(project: &Project, loaded: &mut Loaded) -> Result<Self, Error> {
        let mut items: HashMap<String, (Product, Option<String>)> = HashMap::new();
        each_item(loaded, &|_| {}, &mut |item| {
            items.entry(item.id.clone()).or_insert_with(|| (product(item), text(item, "image")));
        });
        project.take_problems(loaded)?;
        let one_per = match loaded.manifest.as_ref().map(|manifest| &manifest.items) {
            Some(Items::File { reading, .. }) => reading.how.one_per,
            Some(Items::List(_)) | None => OnePer::Variant,
        };
        let mut variants: HashMap<String, Vec<(String, Option<String>)>> = HashMap::new();
        if one_per != OnePer::Variant {
            each_item(loaded, &|reading| reading.one_per = OnePer::Variant, &mut |item| {
                let of = text(item, "handle").unwrap_or_else(|| item.id.clone());
                variants.entry(of).or_default().push((item.id.clone(), text(item, "image")));
            });
            // The problems of this file were reported above.
            loaded.problems.clear();
        }
        let products = items.into_iter().map(|(id, (mut product, image))| {
            let known = variants.get(&id).or_else(|| variants.get(&product.handle));
            let is_shown = |picture: &Option<String>| one_per == OnePer::Product || *picture == image;
            let variants = known.into_iter().flatten().filter(|(_, picture)| is_shown(picture));
            product.offers = variants.map(|(offer, _)| offer.clone()).collect();
            if product.offers.is_empty() {
                product.offers.push(id.clone());
            }
            (id, product)
        });
        Ok(Self(products.collect()))
    }

    /// Returns the product of an item; `None` if the product file no longer has the item.
    pub(super) fn of(&self, item: &str) -> Option<&Product> {
        self.0.get(item)
    }
}

fn product(item: &Item) -> Product {
    let column = |name: &str| item.column(name).map(str::trim).filter(|text| !text.is_empty());
    let shop_id = ["admin_graphql_api_id", "ID", "id"].into_iter().find_map(column);
    let is_own = |id: &&str| *id != item.id;
    Product {
        handle: text(item, "handle").unwrap_or_else(|| item.id.clone()),
        sku: text(item, "sku"),
        shop_id: shop_id.filter(is_own).map(str::to_owned),
        offers: Vec::new(),
    }
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
