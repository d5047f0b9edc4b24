use super::*;
use std::collections::BTreeSet;

#[test]
fn every_document_is_read_and_the_plain_one_is_last() {
    assert_eq!(names().last(), Some(&"generic"));
    assert!(ALL.iter().all(|dialect| dialect.is_plain() == (dialect.name == "generic")));
    assert!(ALL.iter().all(|dialect| dialect.least <= dialect.strong.len()));
    let distinct: BTreeSet<&str> = names().into_iter().collect();
    assert_eq!(distinct.len(), ALL.len());
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalog/dialects")).unwrap();
    let files = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.map(|name| name.trim_end_matches(".yaml").to_owned()).collect();
    let known: BTreeSet<String> = names().into_iter().chain(["states"]).map(str::to_owned).collect();
    assert_eq!(files, known);
}

/// Returns all conditions on rows in a dialect (the description of a program's files).
fn rules(dialect: &Dialect) -> impl Iterator<Item = &When> {
    let Dialect { continues, repeats, ignore, variant, skip, .. } = dialect;
    let skip = skip.iter().map(|skip| &skip.when);
    continues.iter().chain(repeats).chain(ignore).chain(variant).chain(skip)
}

#[test]
fn what_a_document_names_is_there() {
    let states = rules::states();
    for dialect in ALL.iter() {
        assert!(dialect.over.iter().all(|name| names().contains(&name.as_str())), "{}", dialect.name);
        let values = rules(dialect).flat_map(|when| when.0.values().flatten());
        for state in values.filter_map(|value| value.strip_prefix('@')) {
            assert!(states.contains(&state), "{}: @{state}", dialect.name);
        }
        for (other, header) in dialect.spellings.each() {
            assert_ne!(other, header, "{}", dialect.name);
        }
    }
}

#[test]
fn the_reference_lists_every_dialect() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/reference/product-files.md");
    let reference = std::fs::read_to_string(path).unwrap();
    for name in names() {
        assert!(reference.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn one_spelling_stands_for_one_header() {
    #[derive(Deserialize)]
    struct Document {
        #[serde(default)]
        spellings: BTreeMap<String, Vec<String>>,
    }
    // If a document gave one spelling to two headers, one of them would be lost when it is read.
    for name in names() {
        let path = format!("{}/src/catalog/dialects/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
        let document: Document = serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut known = BTreeMap::new();
        for (header, others) in &document.spellings {
            for other in others.iter().map(|other| header::fold(other)) {
                if let Some(before) = known.insert(other.clone(), header) {
                    assert_eq!(before, header, "{name}: {other}");
                }
            }
        }
    }
}

#[test]
fn the_headers_that_a_dialect_looks_for_are_its_own() {
    for dialect in ALL.iter().filter(|dialect| !dialect.is_plain()) {
        let headers = dialect.required.iter().chain(&dialect.strong);
        let headers: Vec<String> = headers.map(|header| header.written.replace('*', "x")).collect();
        match detect(&headers) {
            Detected::One(found, confidence) => {
                assert_eq!(found.name, dialect.name);
                assert_eq!(confidence.known, confidence.of);
            }
            Detected::Either(..) => panic!("{} is ambiguous", dialect.name),
        }
    }
}

#[test]
fn a_file_between_two_programs_is_not_guessed() {
    let headers = "id,title,link,image_link,availability,brand,Handle,Variant SKU,Image Src,Variant Price";
    let headers: Vec<String> = headers.split(',').map(str::to_owned).collect();
    assert!(matches!(detect(&headers), Detected::Either(..)));
}

/// Returns the name of the dialect (the description of a program's files) that fits the header `row`.
fn detected(row: &str, separator: char) -> &'static str {
    let headers: Vec<String> =
        row.split(separator).map(|header| header.trim_matches('"').to_owned()).collect();
    match detect(&headers) {
        Detected::One(dialect, _) => &dialect.name,
        Detected::Either(first, second) => panic!("{} or {}: {row}", first.name, second.name),
    }
}

/// Header rows of shop systems' product files, each with the name of the expected dialect.
const HEADERS: &[(&str, &str)] = &[
    (
        "shopify",
        "Title;URL handle;Description;Vendor;Product category;Type;Tags;Published on online store;Status;SKU;Barcode;Option1 name;Option1 value;Price;Product image URL;Image position",
    ),
    (
        "shopify-legacy",
        "Handle;Title;Body (HTML);Vendor;Type;Tags;Published;Option1 Name;Option1 Value;Variant SKU;Variant Grams;Image Src;Image Position;Status",
    ),
    (
        "matrixify",
        "ID;Handle;Command;Title;Body HTML;Vendor;Type;Tags;Tags Command;Status;Published;Row #;Top Row;Image Src;Image Command;Variant ID;Option1 Name;Option1 Value;Variant SKU;Variant Price",
    ),
    (
        "woocommerce",
        "ID;Type;SKU;Name;Published;Is featured?;Visibility in catalog;Short description;Description;Tax status;In stock?;Regular price;Categories;Images;Parent;Attribute 1 name;Attribute 1 value(s)",
    ),
    (
        "woocommerce",
        "ID;Typ;Artikelnummer;Name;Veröffentlicht;Ist hervorgehoben?;Sichtbarkeit im Katalog;Kurzbeschreibung;Beschreibung;Vorrätig?;Regulärer Preis;Kategorien;Bilder;Übergeordnetes Produkt",
    ),
    (
        "woocommerce",
        "ID;Type;UGS;Nom;Publié;Mis en avant ?;Visibilité dans le catalogue;Description courte;Description;En stock ?;Tarif régulier;Catégories;Images;Parent",
    ),
    (
        "woocommerce",
        "ID;Tipo;SKU;Nombre;Publicado;¿Está destacado?;Visibilidad en el catálogo;Descripción corta;Descripción;¿Existencias?;Precio normal;Categorías;Imágenes;Superior",
    ),
    (
        "woocommerce",
        "ID;Tipo;SKU;Nome;Pubblicato;In primo piano?;Visibilità nel catalogo;Breve descrizione;Descrizione;In stock?;Prezzo di listino;Categorie;Immagine;Genitore",
    ),
    (
        "woocommerce",
        "ID;Type;SKU;Naam;Gepubliceerd;Uitgelicht?;Zichtbaarheid in catalogus;Korte beschrijving;Beschrijving;Op voorraad?;Reguliere prijs;Categorieën;Afbeeldingen;Hoofd",
    ),
    (
        "woocommerce",
        "ID;Typ;SKU;Nazwa;Opublikowano;Wyróżniony produkt?;Widoczność w katalogu;Krótki opis;Opis;W magazynie?;Cena;Kategorie;Obrazki;Element nadrzędny",
    ),
    (
        "woocommerce",
        "ID;Tipo;SKU;Nome;Publicado;Em destaque?;Visibilidade no catálogo;Descrição curta;Descrição;Em estoque?;Preço;Categorias;Imagens;Ascendente",
    ),
    (
        "woocommerce",
        "ID;Тип;Артикул;Имя;Опубликован;рекомендуемый?;Видимость в каталоге;Короткое описание;Описание;В наличии?;Базовая цена;Категории;Изображения;Родительский",
    ),
    ("google", "id;title;description;link;image_link;availability;condition;price;brand;gtin;item_group_id"),
    (
        "google",
        "id;title;description;availability;condition;price;link;image_link;brand;fb_product_category;item_group_id;gender;color;size",
    ),
    (
        "tiktok",
        "sku_id;title;description;availability;condition;price;link;image_link;video_link;brand;item_group_id;google_product_category",
    ),
    ("akeneo", "sku;categories;enabled;family;groups;name-en_US;price-EUR"),
    (
        "wix",
        "handleId;fieldType;name;description;productImageUrl;collection;sku;ribbon;price;surcharge;visible;discountMode;discountValue;inventory;weight;productOptionName1;productOptionType1;productOptionDescription1",
    ),
    (
        "wix",
        "handle;fieldType;name;visible;plainDescription;media;mediaAltText;ribbon;brand;price;inventory;sku;productOptionName[1];productOptionType[1];productOptionChoices[1]",
    ),
    (
        "squarespace",
        "Product ID [Non Editable];Variant ID [Non Editable];Product Type [Non Editable];Product Page;Product URL;Title;Description;SKU;Option Name 1;Option Value 1;Price;Sale Price;On Sale;Stock;Categories;Tags;Visible;Hosted Image URLs",
    ),
    (
        "bigcommerce",
        "Item;ID;Name;Type;SKU;Options;Inventory Tracking;Current Stock;Price;Brand ID;Categories;Description;Product URL;Is Visible;Variant Image URL;Internal Image URL (Export);Image URL (Import);Image is Thumbnail",
    ),
    (
        "bigcommerce-v2",
        "Item Type;Product ID;Product Name;Product Type;Product Code/SKU;Brand Name;Option Set;Product Description;Price;Product Visible?;Track Inventory;Current Stock Level;Category;Product Image ID - 1;Product Image File - 1",
    ),
    (
        "magento",
        "sku;store_view_code;attribute_set_code;product_type;categories;product_websites;name;description;product_online;visibility;price;url_key;base_image;small_image;additional_images;configurable_variations",
    ),
    (
        "prestashop",
        "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded;Tax rules ID;Wholesale price;On sale (0/1);Reference #;Manufacturer;EAN13;Summary;Description;Image URLs (x,y,z...)",
    ),
    (
        "prestashop",
        "ID;Actif (0/1);Nom *;Catégories (x,y,z...);Prix hors taxe;Référence #;Marque;EAN13;Résumé;Description;Mots-clés (x,y,z...);URL réécrite;URL des images (x,y,z...)",
    ),
    (
        "prestashop",
        "ID;Aktywny (0 lub 1);Nazwa*;Kategorie (x,y,z…);Cena zawiera podatek. (brutto);ID reguły podatku;Koszt własny;W sprzedaży (0 lub 1);Indeks #;Kod dostawcy;Dostawca;Marka;kod EAN13;Podsumowanie;Opis;Adresy URL zdjęcia (x,y,z...)",
    ),
    (
        "opencart",
        "product_id;name(en-gb);categories;sku;upc;ean;quantity;model;manufacturer;image_name;shipping;price;points;date_added;status;tax_class_id;description(en-gb);meta_title(en-gb);stock_status_id",
    ),
    (
        "shopware",
        "id;parent_id;product_number;active;stock;name;description;price_net;price_gross;tax_id;cover_media_id;cover_media_url;manufacturer_name;categories",
    ),
    (
        "shopware",
        "id;parentId;productNumber;active;stock;translations.DEFAULT.name;translations.DEFAULT.description;cover.media.url;media",
    ),
    (
        "lightspeed",
        "id;handle;sku;name;description;product_category;variant_option_one_name;variant_option_one_value;tags;supply_price;retail_price;brand_name;supplier_name;active;track_inventory;image_url",
    ),
    (
        "lightspeed-ecom",
        "Internal_ID;Internal_Variant_ID;Visible;Brand;Supplier;US_Title_Short;US_Title_Long;US_Description_Short;US_URL;Images;Article_Code;Price;Stock_Level",
    ),
    (
        "square",
        "Token;Item Name;Variation Name;SKU;Description;Category;Price;Option Name 1;Option Value 1;Current Quantity Main Street",
    ),
    ("square", "Category;Item Name;Variation Name;Price (CAD);Item ID;Variation ID;Description"),
    (
        "tiendanube",
        "Identificador de URL;Nombre;Categorías;Nombre de propiedad 1;Valor de propiedad 1;Precio;Stock;SKU;Mostrar en tienda;Descripción;Tags;Marca",
    ),
    (
        "tiendanube",
        "Identificador URL;Nome;Categorias;Nome da variação 1;Valor da variação 1;Preço;Estoque;SKU;Exibir na loja;Frete gratis;Descrição;Tags",
    ),
    (
        "bling",
        "ID;Código;Descrição;Unidade;NCM;Origem;Preço;Situação;Estoque;Fornecedor;Código Pai;Marca;URL Imagens Externas;Link Externo",
    ),
    (
        "etsy",
        "TITLE;DESCRIPTION;PRICE;CURRENCY_CODE;QUANTITY;TAGS;MATERIALS;IMAGE1;IMAGE2;VARIATION 1 TYPE;VARIATION 1 NAME;VARIATION 1 VALUES;SKU",
    ),
    (
        "ebay",
        "Action(SiteID=US|Country=US|Currency=USD|Version=1193|CC=UTF-8);Custom label (SKU);Category ID;Title;UPC;Price;Quantity;Item photo URL;Condition ID;Description;Format;C:Brand",
    ),
    (
        "ebay",
        "*Action(SiteID=Germany|Country=DE|Currency=EUR|Version=1111);CustomLabel;*Category;*Title;Relationship;RelationshipDetails;PicURL;*Quantity;*StartPrice",
    ),
    (
        "prom",
        "Код_товару;Назва_позиції;Назва_позиції_укр;Опис;Тип_товару;Ціна;Валюта;Посилання_зображення;Наявність;Унікальний_ідентифікатор",
    ),
    (
        "prom",
        "Код_товара;Название_позиции;Поисковые_запросы;Описание;Цена;Валюта;Ссылка_изображения;Наличие;Уникальный_идентификатор",
    ),
    (
        "amazon-listings",
        "item-name;item-description;listing-id;seller-sku;price;quantity;open-date;image-url;asin1;fulfillment-channel;status",
    ),
    (
        "amazon-flat",
        "feed_product_type;item_sku;brand_name;item_name;external_product_id;standard_price;quantity;main_image_url;parent_child;parent_sku;relationship_type;variation_theme",
    ),
    (
        "shoptet",
        "code;pairCode;name;shortDescription;description;defaultImage;image;image2;productVisibility;variant:Barva",
    ),
    ("odoo", "id;name;default_code;list_price;categ_id;barcode;image_1920"),
    ("odoo", "External ID;Name;Internal Reference;Sales Price;Cost;Product Category;Image"),
    (
        "ecwid",
        "type;product_internal_id;product_sku;product_name;product_price;product_description;product_is_available;product_media_main_image_url;product_variation_sku",
    ),
    (
        "vendure",
        "name;slug;description;assets;facets;optionGroups;optionValues;sku;price;taxCategory;stockOnHand;trackInventory;variantAssets",
    ),
    (
        "shopify-json",
        "id;title;body_html;vendor;product_type;created_at;handle;published_at;tags;status;variants.id;variants.title;variants.price;variants.sku;options.name;options.values;images.id;images.src",
    ),
    (
        "shopify-json",
        "id;title;handle;status;vendor;featuredImage.url;images.url;variants.id;variants.sku;variants.title",
    ),
    (
        "woocommerce-json",
        "id;name;slug;permalink;type;status;catalog_visibility;description;short_description;sku;price;regular_price;stock_status;categories.name;images.src",
    ),
    (
        "magento-json",
        "id;sku;name;attribute_set_id;price;status;visibility;type_id;created_at;media_gallery_entries.file;custom_attributes.url_key",
    ),
    (
        "bigcommerce-json",
        "id;name;type;sku;description;price;brand_id;inventory_level;is_visible;availability;custom_url.url;images.url_standard;variants.sku",
    ),
    (
        "json-ld",
        "@type;@id;sku;name;image;brand.@type;brand.name;offers.@type;offers.price;offers.availability",
    ),
    (
        "heureka",
        "ITEM_ID;PRODUCTNAME;PRODUCT;DESCRIPTION;URL;IMGURL;IMGURL_ALTERNATIVE;PRICE_VAT;MANUFACTURER;CATEGORYTEXT;EAN;DELIVERY_DATE;ITEMGROUP_ID",
    ),
    (
        "shoptet-xml",
        "id;NAME;GUID;SHORT_DESCRIPTION;DESCRIPTION;MANUFACTURER;ITEM_TYPE;CATEGORIES.CATEGORY;IMAGES.IMAGE;VISIBILITY;CODE;STOCK.AMOUNT;PRICE_VAT",
    ),
    ("yandex", "id;available;url;price;currencyId;categoryId;picture;name;vendor;description;param.Цвет"),
];

#[test]
fn the_header_of_each_system_speaks_for_it_alone() {
    for (name, row) in HEADERS {
        assert_eq!(detected(row, ';'), *name, "{row}");
    }
    let tried: BTreeSet<&str> = HEADERS.iter().map(|(name, _)| *name).chain(["generic"]).collect();
    assert_eq!(tried, names().into_iter().collect());
}

#[test]
fn a_plain_sheet_is_plain() {
    for headers in [
        "id,title,image",
        "sku,name,price,brand,link",
        "Handle,Title,Image Src",
        "id,title,image,Body (HTML)",
        "id,name,description,price,image,stock,status",
        "code,name,description,image,stock",
        "sku,name,color,size,quantity,image_url",
        "ID,Name,Type,SKU,Description,Price",
        "Title,Description,Price,Quantity,Image",
        "Артикул,Название,Цена,Фото",
    ] {
        let headers: Vec<String> = headers.split(',').map(str::to_owned).collect();
        assert!(matches!(detect(&headers), Detected::One(dialect, _) if dialect.is_plain()), "{headers:?}");
    }
}
