//! An offer file: of a service in a region, several megabytes, of which few products are kept.

use std::{
    collections::BTreeMap,
    fmt,
    fs::File,
    io::{BufReader, Seek},
    time::Duration,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use crate::{Error, cost::Decimal, http_client};

/// How long a download may take.
const WITHIN: Duration = Duration::from_secs(300);

/// Which file was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferVersion {
    /// AWS's code of the service.
    pub offer: String,
    /// The region.
    pub region: String,
    /// AWS's version of the file: the time of its publication, `20260918123456`.
    pub version: String,
    /// The day of its publication.
    pub date: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// The products of an offer that were asked for, with their prices on demand.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) version: OfferVersion,
    /// By SKU.
    pub(super) products: BTreeMap<String, Product>,
    /// By SKU, then by the code of the term.
    terms: BTreeMap<String, BTreeMap<String, Term>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Term {
    #[serde(rename = "priceDimensions")]
    dimensions: BTreeMap<String, Dimension>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    unit: String,
    begin_range: String,
    end_range: String,
    price_per_unit: BTreeMap<String, String>,
}

/// The price of one SKU, USD for one unit.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PriceOfSku {
    pub(super) sku: String,
    pub(super) usage_type: String,
    /// The quantity at which each tier ends, `None`: it does not; and its price.
    pub(super) tiers: Vec<(Option<Decimal>, Decimal)>,
}

/// Whether a product is kept, by its attributes.
pub(super) type Fits<'a> = dyn Fn(&BTreeMap<String, String>) -> bool + 'a;

/// Downloads an offer and keeps what fits.
pub(super) async fn fetch(
    url: &str,
    name: &str,
    region: &str,
    fits: &Fits<'_>,
) -> Result<Offer, Error> {
    let unreadable = |cause: Box<dyn std::error::Error + Send + Sync>| {
        Error::failed(
            format!("The offer {url} cannot be read. No file was changed."),
            "The format is that of `offers/v1.0`; run the same command again when the download was cut.",
        )
        .because(cause)
    };
    let mut file = tempfile::tempfile().map_err(|cause| unreadable(cause.into()))?;
    let sha256 = http_client::download(url, &mut file, WITHIN).await?;
    let head: Head = read(&mut file).map_err(|cause| unreadable(cause.into()))?;
    if head.offer_code != name {
        return Err(unreadable(
            format!("it is the offer {}", head.offer_code).into(),
        ));
    }
    // The terms name products, which may stand behind them: the file is read once for each.
    let products = Filtered {
        by_key: &|_| true,
        by_value: &|product: &Product| fits(&product.attributes),
    };
    let products =
        member(&mut file, "products", products).map_err(|cause| unreadable(cause.into()))?;
    let terms = Filtered {
        by_key: &|sku| products.contains_key(sku),
        by_value: &|_| true,
    };
    let on_demand = Member {
        name: "OnDemand",
        value: terms,
    };
    let terms = member(&mut file, "terms", on_demand).map_err(|cause| unreadable(cause.into()))?;
    Ok(Offer {
        version: OfferVersion {
            offer: name.to_owned(),
            region: region.to_owned(),
            version: head.version,
            date: head.publication_date.chars().take(10).collect(),
            sha256,
        },
        products,
        terms,
    })
}

impl Offer {
    /// The price on demand of a product, or why there is none.
    pub(super) fn price(
        &self,
        sku: &str,
        product: &Product,
        unit: &str,
    ) -> Result<PriceOfSku, String> {
        let terms = self.terms.get(sku).map(BTreeMap::values);
        let mut terms = terms.into_iter().flatten();
        let (Some(term), None) = (terms.next(), terms.next()) else {
            return Err(format!("{sku} has not exactly one price on demand"));
        };
        let mut tiers = Vec::new();
        for dimension in term.dimensions.values() {
            if dimension.unit != unit {
                return Err(format!(
                    "{sku} counts `{}`, expected `{unit}`",
                    dimension.unit
                ));
            }
            let usd = dimension.price_per_unit.get("USD");
            let usd = usd.and_then(|usd| Decimal::parse(usd));
            let begin = Decimal::parse(&dimension.begin_range);
            let end = match dimension.end_range.as_str() {
                "Inf" => Some(None),
                end => Decimal::parse(end).map(Some),
            };
            let (Some(usd), Some(begin), Some(end)) = (usd, begin, end) else {
                return Err(format!("{sku} has no price in USD with a range"));
            };
            tiers.push((begin, end, usd));
        }
        tiers.sort_by_key(|(begin, _, _)| *begin);
        let ends = tiers.iter().map(|(_, end, _)| *end);
        let begins = tiers.iter().skip(1).map(|(begin, _, _)| Some(*begin));
        if tiers.is_empty() || !ends.eq(begins.chain([None])) {
            return Err(format!("the tiers of {sku} have a gap"));
        }
        Ok(PriceOfSku {
            sku: sku.to_owned(),
            usage_type: product.attributes["usagetype"].clone(),
            tiers: tiers.into_iter().map(|(_, end, usd)| (end, usd)).collect(),
        })
    }
}

/// What stands before the products.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    offer_code: String,
    version: String,
    publication_date: String,
}

/// Reads the whole file as a small value; serde skips the rest.
fn read<T: for<'de> Deserialize<'de>>(file: &mut File) -> Result<T, serde_json::Error> {
    file.rewind().map_err(serde_json::Error::io)?;
    serde_json::from_reader(BufReader::new(file))
}

/// Reads one member of the file.
fn member<V, S>(file: &mut File, name: &'static str, value: S) -> Result<V, serde_json::Error>
where
    S: for<'de> DeserializeSeed<'de, Value = V>,
{
    file.rewind().map_err(serde_json::Error::io)?;
    let mut deserializer = serde_json::Deserializer::from_reader(BufReader::new(file));
    Member { name, value }.deserialize(&mut deserializer)
}

/// One member of an object; the others are skipped.
struct Member<S> {
    name: &'static str,
    value: S,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Member<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Member<S> {
    type Value = S::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "an object with `{}`", self.name)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<S::Value, A::Error> {
        let (mut seed, mut found) = (Some(self.value), None);
        while let Some(key) = map.next_key::<String>()? {
            match (key == self.name, seed.take()) {
                (true, Some(seed)) => found = Some(map.next_value_seed(seed)?),
                (_, unused) => {
                    seed = unused;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        found.ok_or_else(|| serde::de::Error::missing_field(self.name))
    }
}

/// The members of an object that are kept, by their name and by their value.
struct Filtered<'a, T> {
    by_key: &'a dyn Fn(&str) -> bool,
    by_value: &'a dyn Fn(&T) -> bool,
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Filtered<'_, T> {
    type Value = BTreeMap<String, T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Filtered<'_, T> {
    type Value = BTreeMap<String, T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object by SKU")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut kept = BTreeMap::new();
        while let Some(key) = map.next_key::<String>()? {
            if !(self.by_key)(&key) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = map.next_value::<T>()?;
            if (self.by_value)(&value) {
                kept.insert(key, value);
            }
        }
        Ok(kept)
    }
}
