use super::*;

/// Checks that other files in the same formats are not recognised as reports. Tests of the whole program check that
/// real reports are recognised.
#[test]
fn other_documents_of_the_same_kinds_are_not_reports() {
    let others = [
        "",
        "id,title\nsku-1,mug\n",
        "job,shot,item\n",
        "<!doctype html>\n<title>shop</title>",
        "{\"schema\":\"shotlist.index/1\"}",
        "{\"seq\":1}\n",
        "<?xml version=\"1.0\"?>\n<testsuites name=\"unit\" tests=\"1\" ><testsuite name=\"a\">",
        "### Notes\n\n**Money:** none",
        "notes from the end of run 3",
    ];
    for other in others {
        assert!(!is_beginning_of_one(other), "{other}");
    }
}
