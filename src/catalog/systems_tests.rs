use super::*;
use crate::domain::item::FactValue;
use crate::domain::problem::{Place, Severity};

fn with(one_per: OnePer, all: bool) -> Reading {
    Reading { one_per, all, ..Reading::default() }
}

/// Reads a sheet. Checks that reading gives no error, and that [`stream`] gives the same items.
fn sheet(text: &str, reading: &Reading) -> Catalog {
    let catalog = read("p.csv", text.as_bytes(), reading);
    let errors: Vec<_> = catalog.problems.iter().filter(|problem| problem.is_error()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut streamed = Vec::new();
    if let Ok(read) = stream("p.csv", text.as_bytes(), reading, &mut |item| streamed.push(item)) {
        assert_eq!(streamed, catalog.items);
        assert_eq!(read.problems, catalog.problems);
    }
    catalog
}

/// Returns the items as `row id: title | picture | options`.
fn reported(catalog: &Catalog) -> Vec<String> {
    let tell = |item: &Item| {
        let Place::Row { row, .. } = item.origin else { panic!("{:?}", item.origin) };
        let options = match item.fact("options").map(|fact| &fact.value) {
            Some(FactValue::Pairs(pairs)) => {
                pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")
            }
            _ => String::new(),
        };
        let get = |name: &str| item.get(name).unwrap_or_default();
        format!("{row} {}: {} | {} | {options}", item.id, get("title"), get("image"))
    };
    catalog.items.iter().map(tell).collect()
}

fn products(text: &str) -> Vec<String> {
    reported(&sheet(text, &Reading::default()))
}

fn variants(text: &str) -> Vec<String> {
    reported(&sheet(text, &with(OnePer::Variant, false)))
}

fn about(text: &str) -> About {
    sheet(text, &Reading::default()).about.unwrap()
}

fn left_out(text: &str, one_per: OnePer) -> Vec<(String, usize)> {
    sheet(text, &with(one_per, false)).about.unwrap().left_out
}

fn counts(text: &str) -> (&'static str, usize, usize, usize) {
    let about = about(text);
    (about.dialect, about.counts.products, about.counts.variants, about.counts.distinct_pictures)
}

#[test]
fn variants_of_wix_follow_their_product_and_its_media_get_an_address() {
    let text = "\
handleId,fieldType,name,description,productImageUrl,collection,sku,ribbon,price,surcharge,visible,discountMode,inventory,productOptionName1,productOptionType1,productOptionDescription1
cup,Product,Cup,<p>Clay</p>,a1~mv2.jpg;b2~mv2.jpg,Cups,,,9,,true,PERCENT,InStock,Glaze,COLOR,#0000aa:Blue;#888888:Grey
cup,Variant,,,,,C-B,,,0,true,,InStock,,,#0000aa:Blue
cup,Variant,,,,,C-G,,,0,true,,OutOfStock,,,Grey
jug,Product,Jug,,https://pictures.example/jug.png,Jugs,J1,,19,,FALSCH,PERCENT,InStock,,,
";
    let media = "https://static.wixstatic.com/media/a1~mv2.jpg";
    assert_eq!(counts(text), ("wix", 2, 3, 3));
    assert_eq!(products(text), [format!("2 cup: Cup | {media} | Glaze=Blue, Grey")]);
    assert_eq!(variants(text), [format!("3 C-B: Cup | {media} | Glaze=Blue")]);
    assert_eq!(left_out(text, OnePer::Variant), [("hidden".to_owned(), 1), ("sold out".to_owned(), 1)]);
}

#[test]
fn rows_of_squarespace_without_a_product_are_variants_of_the_one_before() {
    let text = "\
Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],Product Page,Product URL,Title,Description,SKU,Option Name 1,Option Value 1,Price,On Sale,Stock,Visible,Hosted Image URLs
p1,v1,PHYSICAL,shop,oak-tray,Oak tray,,OT-S,Size,S,9,No,4,Yes,https://pictures.example/1.jpg https://pictures.example/2.jpg
,v2,,,,,,OT-L,Size,L,9,,Unlimited,,
p2,v3,SERVICE,shop,sharpening,Sharpening,,SV,,,9,No,4,Yes,
p3,v4,PHYSICAL,shop,bowl,Bowl,,BO,,,9,No,0,Yes,https://pictures.example/3.jpg
";
    assert_eq!(counts(text), ("squarespace", 3, 4, 3));
    assert_eq!(products(text), ["2 oak-tray: Oak tray | https://pictures.example/1.jpg | Size=S, L"]);
    let expected = [
        "2 OT-S: Oak tray | https://pictures.example/1.jpg | Size=S",
        "3 OT-L: Oak tray | https://pictures.example/1.jpg | Size=L",
    ];
    assert_eq!(variants(text), expected);
}

#[test]
fn rows_of_bigcommerce_are_told_by_their_kind() {
    let text = "\
Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Price,Brand ID,Categories,Description,Is Visible,Variant Image URL,Internal Image URL (Export),Image URL (Import)
Product,77,Fog towel,physical,FT,,none,0,49,,23,<p>Linen</p>,TRUE,,,
Variant,60,,,FT-R,Type=Radio|Name=Colour|Value=Red,,5,,,,,,https://pictures.example/red.jpg,,
Variant,61,,,FT-B,Type=Radio|Name=Colour|Value=Blue,,5,,,,,,,,
Image,266,,,,,,,,,,,,,https://pictures.example/main.jpg,
Product,78,Hidden,physical,HI,,none,0,9,,23,,FALSE,,,
";
    assert_eq!(counts(text), ("bigcommerce", 2, 3, 2));
    assert_eq!(products(text), ["2 FT: Fog towel | https://pictures.example/main.jpg | "]);
    let old = "\
Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Brand Name,Option Set,Product Description,Price,Product Visible?,Track Inventory,Current Stock Level,Category,Product Image File - 1,Product Image File - 2
Product,77,Fog towel,P,,Weave,,Linen,49,Y,none,0,Bath,f/1.jpg,f/2.jpg
  SKU,60,\"[RB]Colour=Red\",,FT-R,,,,,,,5,,,
  Rule,3,,,FT-R,,,,,,,,,f/rule.jpg,
Product,78,Hidden,P,HI,Weave,,,9,N,none,0,Bath,,
";
    assert_eq!(counts(old), ("bigcommerce-v2", 2, 2, 2));
    assert_eq!(products(old), ["2 77: Fog towel | f/1.jpg | "]);
}

const MAGENTO: &str = "sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,description,product_online,visibility,price,url_key,base_image,small_image,additional_images,is_in_stock,configurable_variations\n";

#[test]
fn a_configurable_product_of_magento_names_its_variants_and_other_views_are_no_products() {
    let text = format!(
        "{MAGENTO}\
HD-S,,Default,simple,Hoodies,base,Hoodie S,,1,Not Visible Individually,9,hoodie-s,/h/s.jpg,,,1,
HD-S,de,,,,,Kapuzenpulli S,,,,,,,,,,
HD-M,,Default,simple,Hoodies,base,Hoodie M,,1,Not Visible Individually,9,hoodie-m,/h/m.jpg,,,0,
HD,,Default,configurable,Hoodies,base,Hoodie,<p>Warm</p>,1,\"Catalog, Search\",,hoodie,/h/main.jpg,/h/main.jpg,\"/h/main.jpg,/h/back.jpg\",1,\"sku=HD-S,size=S|sku=HD-M,size=M|sku=HD-X,size=X\"
MUG,,Default,simple,Mugs,base,Mug,,1,\"Catalog, Search\",5,mug,/m/mug.jpg,,,1,
OLD,,Default,simple,Mugs,base,Old mug,,2,\"Catalog, Search\",5,old,/m/old.jpg,,,1,
LONE,,Default,simple,Mugs,base,Part,,1,Not Visible Individually,5,part,/m/part.jpg,,,1,
"
    );
    assert_eq!(counts(&text), ("magento", 4, 5, 7));
    assert_eq!(products(&text), ["5 HD: Hoodie | /h/main.jpg | size=S, M", "6 MUG: Mug | /m/mug.jpg | "]);
    assert_eq!(variants(&text), ["2 HD-S: Hoodie S | /h/s.jpg | size=S", "6 MUG: Mug | /m/mug.jpg | "]);
    let expected = [("disabled", 1), ("not visible by itself", 1), ("sold out", 1)];
    let expected = expected.map(|(reason, count)| (reason.to_owned(), count));
    assert_eq!(left_out(&text, OnePer::Variant), expected);
}

#[test]
fn the_default_view_speaks_for_a_product_of_magento_wherever_it_stands() {
    let text = format!(
        "{MAGENTO}\
A,de,,,,,Becher,,,,,,/a/de.jpg,,,,
A,,Default,simple,Mugs,base,Mug,,1,\"Catalog, Search\",5,mug,/a/en.jpg,,,1,
B,de,,,,,Teller,,,,,,/b/de.jpg,,,,
"
    );
    assert_eq!(products(&text), ["3 A: Mug | /a/en.jpg | ", "4 B: Teller | /b/de.jpg | "]);
    let twice =
        format!("{MAGENTO}A,,D,simple,,base,Mug,,1,4,5,mug,,,,1,\nA,,D,simple,,base,Cup,,1,4,5,cup,,,,1,\n");
    let problems = read("p.csv", twice.as_bytes(), &Reading::default()).problems;
    assert_eq!(problems[0].message, "two rows have the same id");
}

#[test]
fn sheets_of_prestashop_are_read_in_their_languages() {
    let en = "Product ID;Active (0/1);Name *;Categories (x,y,z...);Reference #;Manufacturer;Summary;Description;Image URLs (x,y,z...)\n\
              7;1;Lamp;Home,Light;L-7;Lux;Small;Long;https://pictures.example/a.jpg,https://pictures.example/b.jpg\n8;0;Off;;;;;;\n";
    let fr = "ID;Actif (0/1);Nom *;Catégories (x,y,z...);Référence #;Marque;Résumé;Description;URL des images (x,y,z...)\n\
              7;1;Lamp;Home,Light;L-7;Lux;Small;Long;https://pictures.example/a.jpg,https://pictures.example/b.jpg\n8;0;Off;;;;;;\n";
    for text in [en, fr] {
        assert_eq!(counts(text), ("prestashop", 2, 2, 2));
        assert_eq!(products(text), ["2 L-7: Lamp | https://pictures.example/a.jpg | "]);
    }
}

#[test]
fn variants_of_shopware_name_the_id_of_their_parent() {
    let text = "id;parent_id;product_number;active;stock;name;description;tax_id;price_net;cover_media_url;media;manufacturer_name;categories\n\
                v1;p1;SW1.1;1;4;;;;;https://pictures.example/red.jpg;;;\n\
                p1;;SW1;1;0;Chair;Oak;t;9;https://pictures.example/chair.jpg;https://pictures.example/chair.jpg|https://pictures.example/back.jpg;Maker;c\n\
                v2;p1;SW1.2;0;4;;;;;;;;\n";
    assert_eq!(counts(text), ("shopware", 1, 2, 3));
    assert_eq!(products(text)[0].split(" | ").next(), Some("3 SW1: Chair"));
    assert_eq!(variants(text), ["2 SW1.1: Chair | https://pictures.example/red.jpg | "]);
}

#[test]
fn handles_and_groups_join_the_rows_of_one_product() {
    let vend = "id,handle,sku,name,description,product_category,variant_option_one_name,variant_option_one_value,supply_price,retail_price,brand_name,supplier_name,active,image_url\n\
                1,tee,T-S,Tee,Cotton,Tops,Size,S,4,9,B,S,1,https://pictures.example/tee.jpg\n2,tee,T-M,Tee,,,Size,M,4,9,B,S,1,\n3,cap,CAP,Cap,,,,,4,9,B,S,0,\n";
    assert_eq!(counts(vend), ("lightspeed", 2, 3, 1));
    assert_eq!(products(vend), ["2 tee: Tee | https://pictures.example/tee.jpg | Size=S, M"]);
    let square = "Token,Item Name,Variation Name,SKU,Description,Category,Price,Current Quantity Main\n\
                  t1,Candle,Small,C-S,Soy,Home,12,10\nt2,Candle,Large,C-L,Soy,Home,18,4\nt3,Mug,Regular,M,,Home,14,9\n";
    assert_eq!(counts(square), ("square", 2, 3, 0));
    assert_eq!(products(square), ["2 Candle: Candle |  | Variation Name=Small, Large", "4 Mug: Mug |  | "]);
    let handles = square
        .replace("Token,", "Reference Handle,Token,")
        .replace("t1,", "#candle-small,t1,")
        .replace("t2,", "#candle-large,t2,")
        .replace("t3,", ",t3,");
    assert_eq!(products(&handles)[0], "2 #candle-small: Candle |  | Variation Name=Small, Large");
    assert_eq!(products(&handles)[1], "4 Mug: Mug |  | ");
    let shoptet = "code;pairCode;name;shortDescription;defaultImage;image;image2;productVisibility;variant:Barva\n\
                   1/M;1;Bunda;;https://pictures.example/1.jpg;https://pictures.example/1.jpg;;visible;modrá\n\
                   1/C;1;Bunda;;;;;visible;černá\n2;;Čepice;;https://pictures.example/2.jpg;;;hidden;\n";
    assert_eq!(counts(shoptet), ("shoptet", 2, 3, 2));
    assert_eq!(products(shoptet), ["2 1: Bunda | https://pictures.example/1.jpg | Barva=modrá, černá"]);
}

#[test]
fn rows_of_tiendanube_and_vendure_continue_the_product_before() {
    let text = "Identificador de URL;Nombre;Categorías;Nombre de propiedad 1;Valor de propiedad 1;Precio;Stock;SKU;Mostrar en tienda;Descripción;Tags\n\
                remera;Remera;Ropa;Talle;S;9;;R-S;SÍ;Algodón;\nremera;;;Talle;M;9;0;R-M;;;\n;;;Talle;L;9;3;R-L;;;\n\
                ;Gorra;Ropa;;;5;2;G-1;SI;;\n;Bolso;Ropa;;;5;2;B-1;NO;;\n";
    assert_eq!(counts(text), ("tiendanube", 3, 5, 0));
    assert_eq!(products(text), ["2 remera: Remera |  | Talle=S, M, L", "5 G-1: Gorra |  | "]);
    let pt = text
        .replace("Identificador de URL;Nombre;Categorías", "Identificador URL;Nome;Categorias")
        .replace(
            "Nombre de propiedad 1;Valor de propiedad 1;Precio;Stock",
            "Nome da variação 1;Valor da variação 1;Preço;Estoque",
        )
        .replace("Mostrar en tienda;Descripción", "Exibir na loja;Descrição");
    assert_eq!(products(&pt), products(text));
    let vendure = "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,trackInventory,variantAssets\n\
                   Laptop,laptop,Fast,l1.jpg|l2.jpg,,screen|RAM,13 inch|8GB,L138,9,standard,1,,\n,,,,,,15 inch|8GB,L158,9,standard,1,,big.jpg\nMouse,mouse,,m.jpg,,,,M1,9,standard,1,,\n";
    assert_eq!(counts(vendure), ("vendure", 2, 3, 4));
    let expected =
        ["2 laptop: Laptop | l1.jpg | screen=13 inch, 15 inch;RAM=8GB", "4 mouse: Mouse | m.jpg | "];
    assert_eq!(products(vendure), expected);
    assert_eq!(variants(vendure)[1], "3 L158: Laptop | big.jpg | screen=15 inch;RAM=8GB");
}

#[test]
fn listings_of_ebay_and_amazon_are_grouped() {
    let ebay = "*Action(SiteID=US|Country=US|Currency=USD|Version=1193),CustomLabel,*Category,*Title,Relationship,RelationshipDetails,PicURL,*Quantity,*StartPrice\n\
                Add,TEE,123,Tee,,Size=S;M,https://pictures.example/1.jpg|https://pictures.example/2.jpg,,\n,TEE-S,,,Variation,Size=S,,4,9\n,TEE-M,,,Variation,Size=M,,0,9\nAdd,MUG,123,Mug,,,https://pictures.example/3.jpg,1,5\n";
    assert_eq!(counts(ebay), ("ebay", 2, 3, 3));
    assert_eq!(
        products(ebay),
        ["2 TEE: Tee | https://pictures.example/1.jpg | ", "5 MUG: Mug | https://pictures.example/3.jpg | "]
    );
    let flat = "item_sku\titem_name\tfeed_product_type\tmain_image_url\tother_image_url1\tparent_child\tparent_sku\trelationship_type\tvariation_theme\tcolor_name\n\
                TEE\tTee\tshirt\thttps://pictures.example/p.jpg\t\tparent\t\t\tcolor\t\n\
                TEE-R\tTee, red\tshirt\thttps://pictures.example/r.jpg\t\tchild\tTEE\tvariation\tcolor\tRed\n";
    assert_eq!(counts(flat), ("amazon-flat", 1, 1, 2));
    assert_eq!(variants(flat), ["3 TEE-R: Tee, red | https://pictures.example/r.jpg | color_name=Red"]);
    let report = "item-name\titem-description\tlisting-id\tseller-sku\tprice\tquantity\topen-date\timage-url\tasin1\tfulfillment-channel\tstatus\n\
                  Mug\t\tL1\t0012\t5\t3\t\t\tB1\tDEFAULT\tActive\nCup\t\tL2\tC1\t5\t3\t\t\tB2\tDEFAULT\tInactive\nJug\t\tL3\tJ1\t5\t\t\t\tB3\tAMAZON_EU\tActive\n";
    assert_eq!(products(report), ["2 0012: Mug |  | ", "4 J1: Jug |  | "]);
}

#[test]
fn other_systems_have_their_counts() {
    let matrixify = "ID,Handle,Command,Title,Body HTML,Vendor,Tags Command,Status,Published,Row #,Top Row,Image Src,Image Command,Variant ID,Option1 Name,Option1 Value,Variant SKU\n\
                     1,stool,MERGE,Stool,<p>Oak</p>,N,REPLACE,Active,TRUE,1,TRUE,https://pictures.example/1.jpg,MERGE,11,Size,S,ST-S\n\
                     1,stool,MERGE,,,,,,,2,,,,12,Size,M,ST-M\n1,stool,MERGE,,,,,,,3,,https://pictures.example/2.jpg,MERGE,,,,\n";
    assert_eq!(counts(matrixify), ("matrixify", 1, 2, 2));
    assert_eq!(about(matrixify).counts.image_only_rows, 1);
    assert_eq!(products(matrixify), ["2 stool: Stool | https://pictures.example/1.jpg | Size=S, M"]);
    let prom = "Код_товару;Назва_позиції;Назва_позиції_укр;Опис;Ціна;Валюта;Посилання_зображення;Наявність;Унікальний_ідентифікатор;ID_групи_різновидів\n\
                K1;Чашка;Чашка;;9;UAH;https://pictures.example/1.jpg, https://pictures.example/2.jpg;-;101;900\nK2;Чашка синя;;;9;UAH;https://pictures.example/3.jpg;+;102;900\nK3;Глек;;;9;UAH;;!;103;\n";
    assert_eq!(counts(prom), ("prom", 2, 3, 3));
    assert_eq!(products(prom), ["3 900: Чашка синя | https://pictures.example/3.jpg | ", "4 K3: Глек |  | "]);
    let opencart = "product_id,name(en-gb),name(de-de),categories,sku,quantity,model,manufacturer,image_name,shipping,date_added,status,description(en-gb),tax_class_id,stock_status_id\n\
                    28,Phone,Telefon,20,,9,M-28,HTC,catalog/p.jpg,yes,2020,true,x,9,7\n29,Tablet,Tafel,20,,9,M-29,HTC,,yes,2020,false,,9,7\n";
    assert_eq!(products(opencart), ["2 M-28: Phone | catalog/p.jpg | "]);
    let ecwid = "type,product_internal_id,product_sku,product_name,product_price,product_description,product_is_available,product_media_main_image_url,product_option_name,product_variation_sku,product_variation_option_Size,product_quantity,product_is_inventory_tracked,category_path\n\
                 category,,,,,,,,,,,,,Tops\nproduct,5,TEE,Tee,9,,true,https://pictures.example/t.jpg,,,,,,Tops\nproduct_option,5,,,,,,,Size,,,,,\nproduct_variation,5,TEE,,,,,,,TEE-S,S,4,true,\n";
    assert_eq!(counts(ecwid), ("ecwid", 1, 1, 1));
    assert_eq!(variants(ecwid), ["5 TEE-S: Tee | https://pictures.example/t.jpg | Size=S"]);
    let odoo = "External ID,Name,Internal Reference,Sales Price,Product Category,Barcode\nproduct_1,Desk,D-1,9,All,\n,,,,Office,\nproduct_2,Chair,,9,All,\n";
    assert_eq!(products(odoo), ["2 D-1: Desk |  | ", "4 product_2: Chair |  | "]);
    let encoded = "id,name,default_code,list_price,categ_id,barcode,image_1920\n1,Desk,D-1,9,All,,iVBORw0KGgo=\n2,Lamp,L-1,9,All,,/9j/4AAQ\n";
    let expected = [
        "2 D-1: Desk | data:image/png;base64,iVBORw0KGgo= | ",
        "3 L-1: Lamp | data:image/jpeg;base64,/9j/4AAQ | ",
    ];
    assert_eq!(products(encoded), expected);
    let bling = "ID;Código;Descrição;Unidade;NCM;Origem;Preço;Situação;Estoque;Código Pai;Marca;URL Imagens Externas\n\
                 1;CAM;Camisa;UN;;;9;Ativo;1;;M;https://pictures.example/1.jpg|https://pictures.example/2.jpg\n2;CAM-P;Camisa P;UN;;;9;Ativo;1;CAM;M;\n3;BON;Boné;UN;;;9;Inativo;1;;M;\n";
    assert_eq!(counts(bling), ("bling", 2, 2, 2));
    assert_eq!(products(bling), ["2 CAM: Camisa | https://pictures.example/1.jpg | "]);
    let ecom = "Internal_ID;Internal_Variant_ID;Visible;Brand;Supplier;US_Title_Short;US_URL;Images;Article_Code;Price;Stock_Level\n\
                7;71;Y;B;S;Bag;bag;https://pictures.example/1.jpg,https://pictures.example/2.jpg;BA-1;9;1\n7;72;Y;B;S;Bag;bag;;BA-2;9;1\n8;81;N;B;S;Old;old;;OL;9;1\n";
    assert_eq!(counts(ecom), ("lightspeed-ecom", 2, 3, 2));
    assert_eq!(products(ecom), ["2 bag: Bag | https://pictures.example/1.jpg | "]);
    let tiktok = "sku_id,title,description,availability,condition,price,link,image_link,brand,item_group_id\n\
                  A-1,Red mug,,out of stock,new,9,https://shop.example,https://pictures.example/r.jpg,B,A\nA-2,Blue mug,,in stock,new,9,https://shop.example,https://pictures.example/b.jpg,B,A\n";
    assert_eq!(products(tiktok), ["3 A: Blue mug | https://pictures.example/b.jpg | "]);
}

#[test]
fn a_group_whose_first_variant_is_sold_out_shows_the_first_in_stock() {
    let feed = |first: &str| {
        format!(
            "id,title,link,image_link,availability,price,brand,item_group_id\n\
             1,Red,https://s.example,https://pictures.example/r.jpg,{first},9,B,G\n\
             2,Blue,https://s.example,https://pictures.example/b.jpg,in stock,9,B,G\n"
        )
    };
    for sold_out in [
        "out of stock",
        "OutOfStock",
        "https://schema.org/OutOfStock",
        "nicht auf lager",
        "agotado",
        "НЕТ В НАЛИЧИИ",
    ] {
        assert_eq!(
            products(&feed(sold_out)),
            ["3 G: Blue | https://pictures.example/b.jpg | "],
            "{sold_out}"
        );
    }
    assert_eq!(products(&feed("in stock")), ["2 G: Red | https://pictures.example/r.jpg | "]);
    let all = sheet(&feed("out of stock"), &with(OnePer::Product, true));
    assert_eq!(reported(&all), ["2 G: Red | https://pictures.example/r.jpg | "]);
    // A row of the whole product represents it, even if its first variant is left out.
    let shop = "Handle,Title,Body (HTML),Vendor,Published,Option1 Name,Option1 Value,Variant SKU,Image Src,Variant Image,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy\n\
                a,Mug,,V,WAHR,Colour,Red,R,https://pictures.example/main.jpg,https://pictures.example/r.jpg,shopify,0,deny\n\
                a,,,,,,Blue,B,,https://pictures.example/b.jpg,shopify,4,deny\nb,Cup,,V,FALSCH,,,C,,,,,\n";
    assert_eq!(products(shop), ["2 a: Mug | https://pictures.example/main.jpg | Colour=Red, Blue"]);
}

#[test]
fn a_file_of_which_nothing_is_left_is_an_error_whatever_else_is_told() {
    let header = "Identificador de URL;Nombre;Categorías;Precio;Stock;SKU;Mostrar en tienda\n";
    let text = format!("# exported today\n{header};Gorra;Ropa;9;1;G-1;NO\n");
    let problems = read("p.csv", text.as_bytes(), &Reading::default()).problems;
    assert_eq!(problems.iter().filter(|problem| !problem.is_error()).count(), 1, "{problems:?}");
    let error = problems.iter().find(|problem| problem.is_error()).unwrap();
    assert_eq!(error.message, "1 product is left out: 1 hidden");
    assert!(error.hint.as_deref().unwrap().contains("`--all`"));
    let all = with(OnePer::Product, true);
    assert_eq!(read("p.csv", text.as_bytes(), &all).items.len(), 1);
}

#[test]
fn what_the_writer_put_before_a_cell_is_taken_off_in_every_column() {
    let text = "ID,Type,SKU,Name,Published,Is featured?,Short description,In stock?,Categories,Images,Parent\n\
                11,simple,'-12,'+5 lamps,1,0,'@home,1,'=Lamps,,\n12,simple,'90s,'90s lamp,'-1,0,,1,,,\n";
    let catalog = sheet(text, &with(OnePer::Product, true));
    assert_eq!(reported(&catalog), ["2 -12: +5 lamps |  | ", "3 '90s: '90s lamp |  | "]);
    assert_eq!(catalog.items[0].column("Categories"), Some("=Lamps"));
    assert_eq!(catalog.items[0].get("description"), Some("@home"));
    assert_eq!(left_out(text, OnePer::Product), [("draft".to_owned(), 1)]);
    let plain = sheet("id,title\n1,'+5 lamps\n2,lamps\n", &Reading::default());
    assert_eq!(plain.items[0].get("title"), Some("'+5 lamps"));
}

#[test]
fn an_id_that_lists_several_or_is_too_long_is_shortened_and_told_once() {
    let etsy = "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,IMAGE2,SKU\n\
                Mug,,9,USD,4,,,https://pictures.example/m.jpg,,\"A-1,A-2,A-3\"\nCup,,9,USD,4,,,,https://pictures.example/c.jpg,C-1\nJug,,9,USD,0,,,,,\n";
    let catalog = sheet(etsy, &Reading::default());
    let ids: Vec<&str> = catalog.items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids, ["A-1-dcb3fa00", "C-1"]);
    assert_eq!(reported(&catalog)[1], "3 C-1: Cup | https://pictures.example/c.jpg | ");
    let notes: Vec<_> =
        catalog.problems.iter().filter(|problem| problem.severity == Severity::Note).collect();
    assert_eq!(
        notes[1].message,
        "1 id is too long for the name of a file, or lists several ids, and is shortened"
    );
    // An id is never cut within a letter, and two long ids with the same start remain different.
    let (one, two) = (format!("{}1", "ü".repeat(90)), format!("{}2", "ü".repeat(90)));
    let catalog = sheet(&format!("id,title\n{one},A\n{two},B\n{},C\n", "x".repeat(160)), &Reading::default());
    let ids: Vec<&str> = catalog.items.iter().map(|item| item.id.as_str()).collect();
    assert!(ids[0].starts_with(&"ü".repeat(50)) && ids[0].len() == 109 && ids[0] != ids[1], "{ids:?}");
    assert_eq!(ids[2].len(), 160);
    assert!(catalog.problems[0].message.starts_with("2 ids are too long"));
}

#[test]
fn a_plain_file_leaves_nothing_out_and_tells_what_is_not_sold() {
    let text = "id,title,status\n1,Mug,active\n2,Cup,Sold out\n3,Jug,draft\n";
    let catalog = sheet(text, &Reading::default());
    assert_eq!(catalog.items.len(), 3);
    let note = &catalog.problems[0];
    assert_eq!(note.severity, Severity::Note);
    assert_eq!(
        note.message,
        "2 items are marked as draft or sold out in column `status`; they are kept, because the file is not an export of a known shop system"
    );
    let hint = note.hint.as_deref().unwrap();
    let expected = "to leave such items out, write `where: 'item.raw[\"status\"] != \"Sold out\" and item.raw[\"status\"] != \"draft\"'` under `items:`";
    assert_eq!(hint, expected);
    assert_eq!(sheet("id,title,status\n1,Mug,active\n", &Reading::default()).problems, []);
}

#[test]
fn a_plain_file_tells_what_is_not_sold_in_many_words_and_columns() {
    for (header, cell) in [
        ("availability", "Temporarily out of stock"),
        ("Verfügbarkeit", "AUSVERKAUFT!"),
        ("Verfügbarkeit", "Zur Zeit nicht verfügbar."),
        ("Verfügbarkeit", "nicht verfuegbar"),
        ("Disponibilité", "Rupture"),
        ("Disponibilité", "epuise"),
        ("Disponibilidad", "AGOTADA"),
        ("Disponibilità", "Esaurita"),
        ("Disponibilidade", "Fora de estoque"),
        ("Dostępność", "brak na stanie"),
        ("Наличие", "снят с производства"),
        ("Наявність", "Нема"),
        ("Dostupnost", "Momentálně nedostupné"),
        ("Lagerstatus", "Slut"),
        ("stock_status", "out_of_stock"),
        ("in_stock", "FALSE"),
        ("En stock ?", "Non"),
        ("Aktiv", "FALSCH"),
        ("published", "no"),
        ("visible", "0"),
        ("Aktivní", "ne"),
        ("stock_quantity", "-2"),
        ("Status", "0"),
        ("availability", "https://schema.org/OutOfStock"),
    ] {
        let catalog = sheet(&format!("id;title;{header}\n1;Mug;\n2;Cup;{cell}\n"), &Reading::default());
        let notes: Vec<&str> = catalog.problems.iter().map(|note| note.message.as_str()).collect();
        assert!(notes.len() == 1 && notes[0].starts_with("1 item is "), "{header}: {cell}: {notes:?}");
    }
    for (header, cell) in
        [("published", "yes"), ("stock", "3"), ("Aktiv", "WAHR"), ("colour", "no"), ("stock", "n/a")]
    {
        let catalog = sheet(&format!("id;title;{header}\n1;Mug;{cell}\n"), &Reading::default());
        assert_eq!(catalog.problems, [], "{header}: {cell}");
    }
}

#[test]
fn two_rows_of_one_id_are_told_with_the_column_that_tells_them_apart() {
    let text = "Product ID;Active (0/1);Name *;Categories (x,y,z...);Reference #;Manufacturer;Summary;Image URLs (x,y,z...)\n7;1;Lamp;;R;;;\n8;1;Desk;;R;;;\n";
    let problems = read("p.csv", text.as_bytes(), &Reading::default()).problems;
    assert_eq!(problems[0].message, "two rows have the same id");
    let note = "another column may identify the rows: write `columns: { id: \"Product ID\" }` under `items:`";
    assert_eq!(problems[0].notes, [note]);
}

#[test]
fn every_export_among_the_fixtures_is_known_by_its_headers() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/exports");
    let known = [
        ("amazon-flat.txt", "amazon-flat"),
        ("amazon-listings.txt", "amazon-listings"),
        ("bigcommerce-v2.csv", "bigcommerce-v2"),
        ("bigcommerce.csv", "bigcommerce"),
        ("ebay.csv", "ebay"),
        ("ecwid.csv", "ecwid"),
        ("etsy.csv", "etsy"),
        ("google-group.tsv", "google"),
        ("lightspeed-ecom.csv", "lightspeed-ecom"),
        ("magento.csv", "magento"),
        ("matrixify.csv", "matrixify"),
        ("meta.csv", "google"),
        ("odoo.csv", "odoo"),
        ("opencart.csv", "opencart"),
        ("pinterest.csv", "google"),
        ("prestashop-en.csv", "prestashop"),
        ("prestashop-fr.csv", "prestashop"),
        ("prom-ru.xlsx", "prom"),
        ("prom-uk.csv", "prom"),
        ("shopify-legacy.csv", "shopify-legacy"),
        ("shopify.csv", "shopify"),
        ("shoptet.csv", "shoptet"),
        ("shopware.csv", "shopware"),
        ("square.csv", "square"),
        ("squarespace.csv", "squarespace"),
        ("states.tsv", "google"),
        ("tiendanube.csv", "tiendanube"),
        ("tiktok.csv", "tiktok"),
        ("vend.csv", "lightspeed"),
        ("wix.csv", "wix"),
    ];
    let languages = ["de", "en", "es", "fr", "it", "nl", "pl", "pt", "ru"];
    let translated = languages.map(|language| (format!("woo-{language}.csv"), "woocommerce"));
    let known = known.map(|(file, dialect)| (file.to_owned(), dialect));
    for (file, dialect) in known.into_iter().chain(translated) {
        let bytes = std::fs::read(format!("{folder}/{file}")).unwrap();
        let about = read(&file, &bytes[..], &Reading::default()).about.unwrap();
        assert_eq!(about.dialect, dialect, "{file}");
        // At least a third of the typical columns must be known, so that no fixture passes with only a few of them.
        assert!(about.known * 3 >= about.of, "{file}: {} of {}", about.known, about.of);
    }
}

#[test]
fn an_export_that_lacks_a_column_is_not_read_as_a_plain_file_in_silence() {
    let header = "ID,Typ,SKU,Xq,Opublikowano,Wyróżniony produkt?,Widoczność w katalogu,Krótki opis,W magazynie?,Cena,Kategorie,Obrazki";
    let text = format!("{header}\n1,simple,A,Kubek,1,0,visible,,1,9,Kuchnia,\n");
    let problems = sheet(&text, &Reading::default()).problems;
    let warning = problems.iter().find(|problem| problem.severity == Severity::Warning).unwrap();
    assert!(
        warning
            .message
            .starts_with("the file looks like a WooCommerce product export, but has no column `Name`")
    );
    assert!(warning.notes[0].contains("`Nazwa`"), "{:?}", warning.notes);
    let plain = Reading { dialect: Some("generic".to_owned()), ..Reading::default() };
    assert!(sheet(&text, &plain).problems.iter().all(|problem| problem.severity == Severity::Note));
    let named = sheet(&text.replace("Xq", "Name"), &Reading::default());
    assert_eq!((named.about.unwrap().dialect, named.problems.len()), ("woocommerce", 0));
}
