//! Settings of a row of the sheet for its own clips, in columns named `shotlist_…`.

use crate::snapshot::{assert_whole, whole};
use crate::support::{Project, SHOP, sheet};
use serde_json::Value;

/// A shop of these rows.
fn shop(rows: &str) -> Project {
    let mut project = Project::shop(0);
    "{ concurrency: 1, first_poll: 100ms, poll_every: 100ms, rate: 100/s }".clone_into(&mut project.limits);
    project.write("products.csv", rows);
    project.manifest(SHOP);
    project
}

/// The requests that `plan` would send, by job.
fn requests(project: &Project) -> Vec<Value> {
    project.run(&["plan", "--show-requests"]).expect(0).lines()
}

#[test]
fn a_row_has_its_own_prompt_model_and_seed_and_the_others_have_those_of_the_manifest() {
    let project = shop(
        "id,title,Shotlist_Prompt,shotlist_model,SHOTLIST_SEED\n\
         red,red mug,{{ item.title }} as it is written,,\n\
         blue,blue mug,,uniall/viduq3t-540p,7\n\
         green,green mug,,,\n",
    );
    let both = SHOP.replace("    prompt:", "    duration: 5\n    optional: [duration]\n    prompt:");
    project.manifest(&format!("{both}prices: {{ uniall/viduq3t-540p: {{ per: clip, usd: \"0.10\" }} }}\n"));
    let requests = requests(&project);
    let prompts: Vec<&str> =
        requests.iter().map(|request| request["body"]["prompt"].as_str().unwrap()).collect();
    assert_eq!(
        prompts,
        ["{{ item.title }} as it is written", "A slow turn around blue mug", "A slow turn around green mug"]
    );
    let models: Vec<&Value> = requests.iter().map(|request| &request["body"]["model"]).collect();
    assert_eq!(models, ["viduq1-text", "viduq3t-540p", "viduq1-text"]);
    assert_eq!(requests[1]["body"]["extra_body"]["seed"], 7);
    assert_eq!(requests[1]["price_usd"], "0.10");
}

#[test]
fn a_row_that_is_left_out_makes_no_clip_and_is_counted() {
    let project = shop("id,title,shotlist_skip\nred,red mug,x\nblue,blue mug,no\ngreen,green mug,TRUE\n");
    assert_whole!(project.run(&["plan"]).expect(0));

    assert_whole!(project.run(&["run", "--yes"]).expect(0));
    assert_eq!(project.charges().len(), 1);
    // A night on which nothing changed tells it again.
    assert_whole!(project.run(&["run"]).expect(0));
}

#[test]
fn urgent_rows_are_ordered_first_and_among_equals_the_order_of_the_sheet_holds() {
    let rows = "id,title,shotlist_priority\na,mug a,\nb,mug b,10\nc,mug c,-1\nd,mug d,10\ne,mug e,0\n";
    let project = shop(rows);
    let sent = |project: &Project| -> String {
        let prompts = project.requests();
        let letter = |request: &shotlist::sandbox::Request| {
            request.body["prompt"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned()
        };
        prompts.iter().map(letter).collect()
    };
    // One at a time: of those that wait for a slot together, any may get it first.
    for so_far in ["b", "bd", "bda", "bdae", "bdaec"] {
        project.run(&["run", "--yes", "--limit", "1"]).expect(0);
        assert_eq!(sent(&project), so_far);
    }
    // That a row became urgent is no reason to pay for it again.
    project.write("products.csv", rows.replace("-1", "99"));
    assert_whole!(project.run(&["run"]).expect(0));
    assert_eq!(sent(&project), "bdaec");
}

#[test]
fn of_a_product_with_several_rows_the_one_that_speaks_for_it_is_heard() {
    let project = shop(
        "Handle,Title,Variant SKU,Image Src,Status,Vendor,Published,shotlist_prompt\n\
         mug,Mug,M-1,mug.png,active,v,TRUE,a mug of its own\n\
         mug,,M-2,,,,,never heard\n",
    );
    let requests = requests(&project);
    assert_eq!((requests.len(), &requests[0]["body"]["prompt"]), (1, &"a mug of its own".into()));
}

#[test]
fn entries_of_a_manifest_have_keys_of_their_own() {
    let project = shop(&sheet(1));
    let list = "items: [{ id: red, title: red mug, shotlist_skip: yes, shotlist_prompt: unread }]";
    project.manifest(&SHOP.replace("items: { from: products.csv }", list));
    let requests = requests(&project);
    assert_eq!(requests[0]["body"]["prompt"], "A slow turn around red mug");
}

#[test]
fn what_a_row_and_an_axis_both_set_is_an_error_of_the_row() {
    let project = shop("id,title,shotlist_seed\nred,red mug,\nblue,blue mug,7\n");
    project.manifest(&SHOP.replace("    prompt:", "    matrix: { seed: [1, 2] }\n    prompt:"));
    insta::assert_snapshot!(whole(&project.run(&["plan"]).expect(4)));
}
