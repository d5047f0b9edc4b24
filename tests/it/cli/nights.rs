//! A month of nights over a catalog that changes a little: each order is paid once, whatever it is called and wherever
//! it goes.

use crate::snapshot::assert_whole;
use crate::support::{CHEAP, FIFTY_AT_ONCE, Project};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeSet;

/// A shop as its catalog manager leaves it in the evening.
struct Shop {
    /// Number and edition of each product.
    products: Vec<(usize, usize)>,
    next: usize,
    shot: &'static str,
    second: bool,
    folder: &'static str,
    section: &'static str,
}

impl Shop {
    /// Plays one day.
    fn change(&mut self, night: usize, random: &mut StdRng) {
        let at = random.random_range(0..self.products.len());
        match night % 5 {
            0 => self.products[at].1 += 1,
            1 => {
                self.products.push((self.next, 0));
                self.next += 1;
            }
            2 => drop(self.products.remove(at)),
            3 => self.products.swap(0, at),
            _ => self.products[at].1 = 0,
        }
        match night {
            6 => self.shot = "packshot",
            11 => self.second = true,
            16 => self.folder = "clips",
            21 => self.section = "models: { zai/vidu2-image: { link_life_hours: 12 } }\n",
            26 => self.shot = "hero",
            _ => {}
        }
    }

    fn write(&self, project: &Project) {
        let rows: Vec<String> =
            self.products.iter().map(|(n, edition)| format!("sku-{n},{}\n", title(*n, *edition))).collect();
        project.write("products.csv", format!("id,title\n{}", rows.concat()));
        let mut text = CHEAP
            .replace("hero:", &format!("{}:", self.shot))
            .replace("renders/", &format!("{}/", self.folder));
        if self.second {
            // The same inputs under a second name.
            let start = text.find(&format!("  {}:", self.shot)).unwrap();
            let end = text.find("output:").unwrap();
            let second = text[start..end].replacen(self.shot, "social", 1);
            text.insert_str(end, &second);
        }
        project.manifest(&format!("{text}{}", self.section));
    }
}

fn title(number: usize, edition: usize) -> String {
    format!("mug {number} edition {edition}")
}

#[test]
fn thirty_nights_are_charged_once_for_each_thing_that_was_ever_wanted() {
    let mut project = Project::empty(|options| options.limits = shotlist::sandbox::Limits::Unlimited);
    FIFTY_AT_ONCE.clone_into(&mut project.limits);
    let mut random = StdRng::seed_from_u64(30);
    let products = (0..12).map(|number| (number, 0)).collect();
    let mut shop = Shop { products, next: 12, shot: "hero", second: false, folder: "renders", section: "" };
    let mut wanted: BTreeSet<(usize, usize)> = BTreeSet::new();
    for night in 0..30 {
        shop.change(night, &mut random);
        shop.write(&project);
        wanted.extend(&shop.products);
        project.run(&["run", "--yes"]).expect(0);
        assert_eq!(project.charges().len(), wanted.len(), "night {night}");
        // Nothing is left to agree to.
        assert_whole!(project.run(&["run"]).expect(0));
        let shots = if shop.second { &[shop.shot, "social"][..] } else { &[shop.shot] };
        let clips = project.clips();
        for ((number, _), shot) in
            shop.products.iter().flat_map(|product| shots.iter().map(move |shot| (product, shot)))
        {
            let name = format!("{}/sku-{number}_{shot}.mp4", shop.folder);
            assert!(clips.contains_key(&name), "night {night}: {name}");
        }
    }
    assert_eq!(project.requests().len(), wanted.len());
    assert!(wanted.len() > 20, "{}", wanted.len());
}
