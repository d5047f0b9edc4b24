//! What a prompt says of its product, and which picture of a cell it takes: never a gap, an id or a list in silence.

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
        let told = project.run(&["plan", "--sandbox"]).expect(4);
        told.says("the prompt names no product: its title is blank").says("sheet row 3");
    }
    for prompt in [
        "{{ item.title or 'the product' }}, soft",
        "{% if item.title %}Push-in on {{ item.title }}{% else %}Push-in{% endif %}",
        "Push-in on the product",
    ] {
        let project = shop(SHEET, &format!("{model}, prompt: \"{prompt}\""));
        project.run(&["plan", "--sandbox"]).expect(0).says_nothing_of("names no product");
    }
}

#[test]
fn a_prompt_with_nothing_but_an_id_is_warned_of() {
    let shot = "model: zai/vidu2-image, image: \"{{ item.image }}\", prompt: \"Push-in on {{ item.id }}\"";
    let warning = "all that the prompt says of the product is an id";
    shop(SHEET, shot).run(&["plan", "--sandbox"]).expect(0).says(warning);
    let shot = shot.replace("item.id }}", "item.id }} {{ item.title or 'jug' }}");
    shop(SHEET, &shot).run(&["plan", "--sandbox"]).expect(0).says_nothing_of(warning);
}

#[test]
fn a_list_of_addresses_is_never_sent_as_one_picture() {
    let shot = "model: zai/vidu2-image, image: \"{{ item.Bild }}#{{ item.id }}\", prompt: \"Push-in\"";
    let told = shop(SHEET, shot).run(&["plan", "--sandbox"]).expect(4);
    told.says("`image` holds several addresses, and a picture has one")
        .says("sheet row 2")
        .says_nothing_of("from words alone");
    // The column by itself, or what it was found to be: the first of its list.
    for image in ["item.Bild", "item.image"] {
        let shot = shot.replace("{{ item.Bild }}#{{ item.id }}", &format!("{{{{ {image} }}}}"));
        let requests = shop(SHEET, &shot).run(&["plan", "--sandbox", "--show-requests"]).expect(0).lines();
        assert_eq!(requests[0]["body"]["image_url"], "https://shop.example/a.jpg");
    }
}

#[test]
fn letters_that_were_damaged_before_are_warned_of() {
    let shot = "model: zai/viduq1-text, prompt: \"Push-in on {{ item.title }}\"";
    for (title, says) in [("Caf\u{FFFD}", "letters of it were lost"), ("CojÃ\u{AD}n", "encoded twice")] {
        let project = shop(&format!("id,title\nA1,Lamp\nA2,{title}\n"), shot);
        project.run(&["plan", "--sandbox"]).expect(0).says(says).says("sheet row 3");
    }
    for title in ["Café Größe", "Åre Ôter", "Лампа", "Ã la carte", "½ Ø 20 cm"] {
        let project = shop(&format!("id,title\nA1,{title}\n"), shot);
        project.run(&["plan", "--sandbox"]).expect(0).says_nothing_of("damaged");
    }
    let project = shop("id,title\nA1,????? ????\n", shot);
    project.run(&["plan", "--sandbox"]).expect(4).says("its title is blank");
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
    let said = project.run(&["init", "--from", "p.csv"]).expect(0);
    said.says("warning: no column is the title").says("shotlist init --from p.csv --column title=Xq");
    project.run(&["init", "--from", "p.csv", "--column", "title=Xq", "--force"]).expect(0);
    project.run(&["plan", "--sandbox", "--show-requests"]).expect(0).says_nothing_of("the product");
    let project = Project::empty(|_| {});
    project.write("p.csv", "id,Xq\n1141898,Oak chair\n1141899,Jug\n");
    let said = project.run(&["init", "--from", "p.csv"]).expect(4);
    said.says("error: no column is the title").says("`Slow push-in on 1141898`");
    assert!(!project.path("shotlist.yaml").exists());
    project.run(&["init", "--from", "p.csv", "--column", "title=Xq"]).expect(0);
}
