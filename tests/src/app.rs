//! The application as one test sees it.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use ::http::Method;
use deployer::local::github::StandIn;
use miyabi_catalog::Limit;
use serde_json::Value;
use sqlx::{Executor, PgConnection};

use crate::{
    Browser, Database, Person, Token, ValkeyAddress,
    environment::{self, SIGNING_KEY},
    functions::Functions,
    http::{RequestBuilder, Response},
};

/// How an [`App`] differs from the usual one.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// A cache, [`crate::Valkey::address`]; `None`: PostgreSQL alone knows withdrawn tokens.
    pub valkey: Option<ValkeyAddress>,
    /// Requests must carry this origin secret, as behind CloudFront.
    pub origin_secret: Option<String>,
    /// Another stand-in for GitHub than the usual one: `http://127.0.0.1:PORT`.
    pub github_origin: Option<String>,
    /// Directory with a program for each function, instead of those for this machine.
    pub programs: Option<PathBuf>,
    /// Rate limits that a test is about: requests a minute, and at once. The others are beyond what a
    /// test sends.
    pub rate_limits: Vec<(Limit, u32, u32)>,
    /// Environment variables of single functions that replace the usual ones: function, name,
    /// value.
    pub environment: Vec<(&'static str, &'static str, String)>,
}

impl Setup {
    /// As functions read the rate limits.
    pub fn limits(&self) -> String {
        let limits = Limit::ALL.map(|limit| {
            let own = self.rate_limits.iter().find(|(own, ..)| *own == limit);
            let (_, per_minute, burst) = own.copied().unwrap_or((limit, 10_000_000, 10_000_000));
            format!("{}={per_minute}/{burst}", limit.as_str())
        });
        limits.join(" ")
    }
}

/// The functions with a database of their own behind a gateway of their own.
#[derive(Debug)]
pub struct App {
    functions: Functions,
    database: Database,
}

impl App {
    /// The usual application: revocation in PostgreSQL, no origin secret. Functions start when they
    /// are first called.
    pub async fn start() -> App {
        App::with(Setup::default()).await
    }

    /// An application that differs.
    pub async fn with(setup: Setup) -> App {
        App::on(Database::migrated().await, setup).await
    }

    /// An application on that database, whatever is in it.
    pub async fn on(database: Database, setup: Setup) -> App {
        let functions = Functions::start(&database, &setup).await;
        App {
            functions,
            database,
        }
    }

    /// Where the HTTP API answers.
    pub fn address(&self) -> SocketAddr {
        self.functions.gateway()
    }

    /// `http://127.0.0.1:PORT`: the origin that the functions see as theirs.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Its database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// A connection as a function's role. It sees nothing until it sets an organization.
    pub async fn db_as(&self, role: &str) -> PgConnection {
        self.database.connect_as(role).await
    }

    /// Runs statements past row-level security: to arrange, never to prove.
    pub async fn sql(&self, statements: &str) {
        let mut connection = self.database.connect_as_superuser().await;
        connection
            .execute(statements)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{statements}"));
    }

    /// The first column of each row as text, past row-level security: to look at what is stored.
    pub async fn rows(&self, query: &str) -> Vec<String> {
        let mut connection = self.database.connect_as_superuser().await;
        sqlx::query_scalar(&format!("select row.*::text from ({query}) as row"))
            .fetch_all(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{error}\n{query}"))
    }

    /// A request without any identity.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        Browser::new(self.address())
            .request(method, path)
            .without("origin")
    }

    /// GET without any identity.
    pub async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await
    }

    /// A browser without cookies.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address())
    }

    /// Signs in through GitHub's stand-in, with every redirect and cookie. Whoever signs in for the
    /// first time gets an organization of their own. Any login will do: who is not among the seeded
    /// people is given an account there.
    pub async fn sign_in(&self, login: &str) -> Person {
        self.functions.give_account(login);
        let browser = self.browser();
        let landed = browser
            .follow(&format!("/api/auth/login?login={login}"))
            .await;
        assert!(
            browser.cookie("__Host-csrf").is_some(),
            "{login} could not sign in: {landed}"
        );
        let mut person = Person {
            login: login.to_owned(),
            token: String::new(),
            browser,
        };
        person.refresh().await;
        person
    }

    /// Makes somebody a member of the organization that `of` is signed in to, as `role` (a built-in
    /// one or a row of `roles`), and signs them in to it.
    pub async fn member(&self, of: &Person, login: &str, role: &str) -> Person {
        let organization = of.organization_id();
        let user = self.sign_in(login).await.user_id();
        self.sql(&format!(
            "insert into memberships (organization_id, user_id, role) values ('{organization}', '{user}', '{role}')"
        ))
        .await;
        self.sign_in_to(login, &organization).await
    }

    /// Signs in and selects an organization of which the person is a member.
    pub async fn sign_in_to(&self, login: &str, organization: &str) -> Person {
        let mut person = self.sign_in(login).await;
        let session = person.claims()["sid"].as_str().unwrap().to_owned();
        self.sql(&format!(
            "update sessions set selected_organization_id = '{organization}' where id = '{session}'"
        ))
        .await;
        person.refresh().await;
        assert_eq!(
            person.organization_id(),
            organization,
            "{login} is not in that organization"
        );
        person
    }

    /// Changes the role of a member. Their access token says the old one until it is refreshed.
    pub async fn change_role(&self, person: &Person, role: &str) {
        let (organization, user) = (person.organization_id(), person.user_id());
        self.sql(&format!(
            "update memberships set role = '{role}' where organization_id = '{organization}' and user_id = '{user}'"
        ))
        .await;
    }

    /// The stand-in for GitHub: its people can be replaced by others. Nobody asks it when
    /// [`Setup::github_origin`] names another.
    pub fn github(&self) -> &StandIn {
        self.functions.github()
    }

    /// Every secret value that the functions can read: what must be in no log and no answer.
    pub fn secret_values(&self) -> Vec<String> {
        environment::secret_values()
    }

    /// Calls a function directly, as `aws lambda invoke` does. `Err` is what it failed with.
    pub async fn invoke(&self, function: &str, event: &Value) -> Result<Value, Value> {
        self.functions.invoke(function, event).await
    }

    /// As [`App::invoke`], with any bytes as the event.
    pub async fn invoke_raw(&self, function: &str, event: Vec<u8>) -> Result<Value, Value> {
        self.functions.invoke_raw(function, event).await
    }

    /// The environment that a function has here: to start it in another way.
    pub fn environment(&self, function: &str) -> BTreeMap<String, String> {
        self.functions.environment(function)
    }

    /// Ids of the processes of a function that wait for work.
    pub fn processes(&self, function: &str) -> Vec<u32> {
        self.functions.processes(function)
    }

    /// A token with the key that the application has, after `change`.
    pub fn forge(&self, token: &str, change: impl FnOnce(&mut Token)) -> String {
        let mut token = Token::parse(token);
        change(&mut token);
        token.sign(SIGNING_KEY.as_bytes())
    }

    /// What the functions wrote to their logs so far.
    pub async fn logs(&self) -> String {
        self.functions.logs().await
    }
}
