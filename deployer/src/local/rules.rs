#![doc = include_str!("rules.md")]

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    const RULES: &str = include_str!("rules.md");

    fn sources(folder: &Path, found: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                *found += &fs::read_to_string(&path).unwrap();
            }
        }
    }

    #[test]
    fn each_rule_names_its_source_and_a_test() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut all = String::new();
        for folder in ["src/local", "valkey/tests", "../tests/it"] {
            sources(&root.join(folder), &mut all);
        }
        let rows: Vec<Vec<&str>> = RULES
            .lines()
            .filter(|line| line.starts_with("| ") && !line.starts_with("| service"))
            .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
            .collect();
        assert!(rows.len() > 10, "{rows:?}");
        for row in rows {
            let [_, rule, source, test] = row.as_slice() else {
                panic!("not four columns: {row:?}");
            };
            assert!(
                source.starts_with("<https://") || ["the same", "ours"].contains(source),
                "{rule}: {source}"
            );
            let test = test.trim_matches('`');
            assert!(
                all.contains(&format!("fn {test}()")),
                "{rule}: no test {test}"
            );
        }
    }
}
