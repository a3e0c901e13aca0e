//! The token with which a function logs in to RDS, against the one that AWS's SDK makes.

use std::time::{Duration, SystemTime};

use aws_config::{Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_rds::auth_token::{AuthTokenGenerator, Config};
use aws_smithy_async::time::StaticTimeSource;

const HOST: &str = "miyabi-prod-data-database-1a2b3c.abcdefghijkl.eu-central-1.rds.amazonaws.com";
const REGION: &str = "eu-central-1";

async fn of_the_sdk(credentials: &Credentials, user: &str, at: SystemTime) -> String {
    let config = SdkConfig::builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
        .time_source(StaticTimeSource::new(at))
        .build();
    let token = Config::builder()
        .hostname(HOST)
        .port(5432)
        .username(user)
        .region(Region::new(REGION))
        .expires_in(900)
        .build()
        .unwrap();
    let generator = AuthTokenGenerator::new(token);
    generator.auth_token(&config).await.unwrap().to_string()
}

#[tokio::test]
async fn the_token_of_a_function_is_the_one_of_the_sdk_with_a_session_token_too() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_715_136);
    // A function's credentials always have one, with every letter of base64.
    let sessions = [None, Some("IQoJb3JpZ2luX2VjE+/==".to_owned())];
    for session in sessions {
        for user in ["miyabi_tasks", "miyabi_auth"] {
            let credentials = Credentials::new(
                "AKIDEXAMPLE",
                "wJalr/XUtnFEMI+K7MDENG",
                session.clone(),
                None,
                "test",
            );
            let ours =
                miyabi_core::database_token(&credentials, REGION, HOST, 5432, user, at).unwrap();
            assert_eq!(
                ours,
                of_the_sdk(&credentials, user, at).await,
                "{user} {session:?}"
            );
            assert_eq!(
                ours.contains("X-Amz-Security-Token"),
                session.is_some(),
                "{ours}"
            );
        }
    }
}
