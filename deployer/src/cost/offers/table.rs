//! The files of the price table, rewritten with their rows, order and notes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::{Map, Value, json};

use super::{OfferVersion, PriceChange, offer::PriceOfSku, unusable};
use crate::{Error, cost::Decimal};

const SOURCES: &str = "sources.json";
/// What has no region, or is not a price.
const OTHERS: [&str; 4] = ["free.json", "global.json", "offers.json", SOURCES];

/// The table, as it is in its files.
pub(super) struct Table {
    /// By region.
    files: BTreeMap<String, Value>,
    sources: Map<String, Value>,
    /// The sources that the files without a region name.
    used_elsewhere: BTreeSet<String>,
}

impl Table {
    pub(super) fn read(folder: &Path) -> Result<Table, Error> {
        let mut files = BTreeMap::new();
        let entries = fs::read_dir(folder).map_err(|cause| unusable(folder, cause))?;
        for entry in entries {
            let path = entry.map_err(|cause| unusable(folder, cause))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if let Some(region) = name
                .strip_suffix(".json")
                .filter(|_| !OTHERS.contains(&&*name))
            {
                files.insert(region.to_owned(), parse(&path)?);
            }
        }
        let sources = parse(&folder.join(SOURCES))?;
        let mut used_elsewhere = BTreeSet::new();
        for (file, rows) in [("free.json", "allowances"), ("global.json", "prices")] {
            let file = parse(&folder.join(file))?;
            used_elsewhere.extend(sources_of(&file[rows]));
        }
        Ok(Table {
            files,
            sources: sources.as_object().cloned().unwrap_or_default(),
            used_elsewhere,
        })
    }

    pub(super) fn regions(&self) -> Vec<String> {
        self.files.keys().cloned().collect()
    }

    /// Service and key of every price of a region.
    pub(super) fn keys(&self, region: &str) -> Vec<(String, String)> {
        let rows = self.files[region]["prices"].as_array();
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let rows = rows.into_iter().flatten();
        rows.map(|row| (text(row, "service"), text(row, "key")))
            .collect()
    }

    /// Gives a row its price of the offer; returns the change, when it is another price.
    pub(super) fn set(
        &mut self,
        region: &str,
        service: &str,
        key: &str,
        price: &PriceOfSku,
        version: &OfferVersion,
    ) -> Result<Option<PriceChange>, Error> {
        let file = self.files.get_mut(region);
        let rows = file.and_then(|file| file["prices"].as_array_mut());
        let mut rows = rows.into_iter().flatten();
        let row = rows.find(|row| row["service"] == service && row["key"] == key);
        let Some(row) = row else {
            return Ok(None);
        };
        let per: Decimal = row["per"].as_u64().unwrap_or(1).into();
        let before = written(row);
        let old = std::mem::take(row);
        let mut new = Map::new();
        for name in ["service", "key", "unit", "per"] {
            new.insert(name.to_owned(), old[name].clone());
        }
        match price.tiers.as_slice() {
            [(None, usd)] => {
                new.insert("usd".to_owned(), json!(usd.times(per)));
            }
            tiers => {
                let tier = |(end, usd): &(Option<Decimal>, Decimal)| match end {
                    Some(end) => json!({"up_to": end, "usd": usd.times(per)}),
                    None => json!({"usd": usd.times(per)}),
                };
                new.insert("tiers".to_owned(), tiers.iter().map(tier).collect());
            }
        }
        let source = format!("offer-{}-{region}", version.offer);
        new.insert("sku".to_owned(), json!(price.sku));
        new.insert("usage_type".to_owned(), json!(price.usage_type));
        new.insert("status".to_owned(), json!("published"));
        new.insert("source".to_owned(), json!(source));
        new.insert("date".to_owned(), json!(version.date));
        *row = Value::Object(new);
        let after = written(row);
        self.sources.insert(
            source,
            json!({
                "what": format!("AWS's offer file {} of {region}", version.offer),
                "date": version.date,
                "version": version.version,
                "sha256": version.sha256,
            }),
        );
        Ok((before != after).then(|| PriceChange {
            region: region.to_owned(),
            service: service.to_owned(),
            key: key.to_owned(),
            before,
            after,
        }))
    }

    /// Writes every file, each whole or not at all; sources that no row names are left out.
    pub(super) fn write(mut self, folder: &Path) -> Result<(), Error> {
        let mut used = self.used_elsewhere;
        used.extend(
            self.files
                .values()
                .flat_map(|file| sources_of(&file["prices"])),
        );
        self.sources.retain(|source, _| used.contains(source));
        self.sources.sort_keys();
        let rows: Vec<String> = self
            .sources
            .iter()
            .map(|(name, source)| format!("{}: {}", json!(name), line(source)))
            .collect();
        put(
            &folder.join(SOURCES),
            &format!("{{\n{}\n}}\n", rows.join(",\n")),
        )?;
        for (region, file) in &self.files {
            let rows = file["prices"].as_array().into_iter().flatten();
            let rows: Vec<String> = rows.map(line).collect();
            let text = format!(
                "{{\n\"region\": {},\n\"currency\": {},\n\"prices\": [\n{}\n]\n}}\n",
                file["region"],
                file["currency"],
                rows.join(",\n")
            );
            put(&folder.join(format!("{region}.json")), &text)?;
        }
        Ok(())
    }
}

fn sources_of(rows: &Value) -> Vec<String> {
    let rows = rows.as_array().into_iter().flatten();
    rows.filter_map(|row| row["source"].as_str().map(str::to_owned))
        .collect()
}

/// The price of a row for people.
fn written(row: &Value) -> String {
    match row["usd"].as_str() {
        Some(usd) => usd.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => line(&row["tiers"]),
    }
}

/// On one line, as the files have their rows.
fn line(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(name, value)| format!("{}: {}", json!(name), line(value)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(line).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

fn parse(path: &Path) -> Result<Value, Error> {
    let text = fs::read_to_string(path).map_err(|cause| unusable(path, cause))?;
    serde_json::from_str(&text).map_err(|cause| unusable(path, cause))
}

fn put(path: &Path, text: &str) -> Result<(), Error> {
    use std::io::Write;

    let folder = path.parent().unwrap_or(path);
    let mut file =
        tempfile::NamedTempFile::new_in(folder).map_err(|cause| unusable(path, cause))?;
    file.write_all(text.as_bytes())
        .map_err(|cause| unusable(path, cause))?;
    file.persist(path)
        .map_err(|cause| unusable(path, cause.error))?;
    Ok(())
}
