use super::*;

/// Real reports are recognised in tests of the whole program; this test has only other documents.
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
