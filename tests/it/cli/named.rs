//! Descriptions of products in prompts, and the choice of a picture from a cell: never a gap, an id or a list in
//! silence.

use crate::snapshot::assert_whole;
use crate::support::Project;

/// A project with this sheet and a shot that makes a clip of each row.
fn shop(sheet: &str, shot: &str) -> Project {
    let project = Project::empty(|_| {});
    project.write("p.csv", sheet);
    project.manifest(&format!("version: 1\nitems: {{ from: p.csv }}\nshots:\n  hero: {{ {shot} }}\n"));
    project
}

const SHEET: &str = "id,Titel,Bild\nA1,Krug,\"https://shop.example/a.jpg, https://shop.example/b.jpg\"\n\
                     A2,,https://shop.example/c.jpg\n";

#[test]
fn a_blank_title_is_an_error_of_its_row_unless_something_stands_in_for_it() {
    let model = "model: zai/vidu2-image, image: \"{{ item.image }}\"";
    for prompt in
        ["Push-in on {{ item.title }}, soft", "{{ item.Titel }}!", "{{ item.raw['Titel'] | upper }} here"]
    {
        let project = shop(SHEET, &format!("{model}, prompt: \"{prompt}\""));
        assert_whole!(project.run(&["plan", "--sandbox"]).expect(4));
    }
    for prompt in [
        "{{ item.title or 'the product' }}, soft",
        "{% if item.title %}Push-in on {{ item.title }}{% else %}Push-in{% endif %}",
        "Push-in on the product",
    ] {
        let project = shop(SHEET, &format!("{model}, prompt: \"{prompt}\""));
        assert_whole!(project.run(&["plan", "--sandbox"]).expect(0));
    }
}

#[test]
fn a_prompt_with_nothing_but_an_id_is_warned_of() {
    let shot = "model: zai/vidu2-image, image: \"{{ item.image }}\", prompt: \"Push-in on {{ item.id }}\"";
    assert_whole!(shop(SHEET, shot).run(&["plan", "--sandbox"]).expect(0));
    let shot = shot.replace("item.id }}", "item.id }} {{ item.title or 'jug' }}");
    assert_whole!(shop(SHEET, &shot).run(&["plan", "--sandbox"]).expect(0));
}

#[test]
fn a_list_of_addresses_is_never_sent_as_one_picture() {
    let shot = "model: zai/vidu2-image, image: \"{{ item.Bild }}#{{ item.id }}\", prompt: \"Push-in\"";
    assert_whole!(shop(SHEET, shot).run(&["plan", "--sandbox"]).expect(4));
    // The column alone, or the field that it was found to be: the first of its list.
    for image in ["item.Bild", "item.image"] {
        let shot = shot.replace("{{ item.Bild }}#{{ item.id }}", &format!("{{{{ {image} }}}}"));
        let requests = shop(SHEET, &shot).run(&["plan", "--sandbox", "--show-requests"]).expect(0).lines();
        assert_eq!(requests[0]["body"]["image_url"], "https://shop.example/a.jpg");
    }
}

#[test]
fn letters_that_were_damaged_before_are_warned_of() {
    let shot = "model: zai/viduq1-text, prompt: \"Push-in on {{ item.title }}\"";
    for title in ["Caf\u{FFFD}", "CojÃ\u{AD}n"] {
        let project = shop(&format!("id,title\nA1,Lamp\nA2,{title}\n"), shot);
        assert_whole!(project.run(&["plan", "--sandbox"]).expect(0));
    }
    for title in ["Café Größe", "Åre Ôter", "Лампа", "Ã la carte", "½ Ø 20 cm"] {
        let project = shop(&format!("id,title\nA1,{title}\n"), shot);
        assert_whole!(project.run(&["plan", "--sandbox"]).expect(0));
    }
    let project = shop("id,title\nA1,????? ????\n", shot);
    assert_whole!(project.run(&["plan", "--sandbox"]).expect(4));
}

#[test]
fn requests_are_json_whatever_characters_are_in_them() {
    let sheet = "id,title\nA1,soft\u{ad}ware\u{202e} lamp\n";
    let shot = "model: zai/viduq1-text, prompt: \"Push-in on {{ item.title }}\"";
    let requests = shop(sheet, shot).run(&["plan", "--sandbox", "--show-requests"]).expect(0).lines();
    assert_eq!(requests[0]["body"]["prompt"], "Push-in on soft\u{ad}ware\u{202e} lamp");
}

#[test]
fn without_a_title_init_says_which_column_may_be_it() {
    let project = Project::empty(|_| {});
    project.write(
        "p.csv",
        "id,Xq,image\nA1,Oak chair,https://shop.example/a.jpg\nA2,Jug,https://shop.example/b.jpg\n",
    );
    assert_whole!(project.run(&["init", "--from", "p.csv"]).expect(0));
    project.run(&["init", "--from", "p.csv", "--column", "title=Xq", "--force"]).expect(0);
    assert_whole!(project.run(&["plan", "--sandbox", "--show-requests"]).expect(0));
    let project = Project::empty(|_| {});
    project.write("p.csv", "id,Xq\n1141898,Oak chair\n1141899,Jug\n");
    assert_whole!(project.run(&["init", "--from", "p.csv"]).expect(4));
    assert!(!project.path("shotlist.yaml").exists());
    project.run(&["init", "--from", "p.csv", "--column", "title=Xq"]).expect(0);
}
