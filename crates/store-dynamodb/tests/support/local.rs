//! DynamoDB Local, with tables of its own for each test.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use aws_sdk_dynamodb::{
    Client,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
        TableStatus,
    },
};
use tollgate_store_dynamodb::{
    Link,
    layout::{PK, SK, Tables},
};
pub(crate) use tollgate_testkit::dynamodb::port;

/// How often it is looked whether a table is there, and how many times: a minute in all.
const LOOKS: u32 = 1_200;
const LOOK_MS: u64 = 50;

static TABLES: AtomicU64 = AtomicU64::new(0);

/// A link to what listens on a port of this machine.
pub(crate) fn link(port: u16) -> Link {
    Link {
        region: "eu-central-1".into(),
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        access_key_id: "local".into(),
        secret_access_key: "local".into(),
        session_token: None,
    }
}

/// A client of the server itself.
pub(crate) fn client() -> Client {
    link(port()).client()
}

/// New tables.
pub(crate) async fn tables() -> Tables {
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    let name = |what| format!("tollgate-{what}-{number}");
    let tables = Tables { buckets: name("buckets"), ledger: name("ledger") };
    create(&tables.buckets, &[PK]).await;
    create(&tables.ledger, &[PK, SK]).await;
    tables
}

async fn create(name: &str, keys: &[&str]) {
    let client = client();
    let mut asked = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    // This server is older than billing by request.
    asked = asked.provisioned_throughput(
        aws_sdk_dynamodb::types::ProvisionedThroughput::builder()
            .read_capacity_units(1_000)
            .write_capacity_units(1_000)
            .build()
            .unwrap(),
    );
    for (key, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let element = KeySchemaElement::builder().attribute_name(*key).key_type(kind);
        let attribute = AttributeDefinition::builder()
            .attribute_name(*key)
            .attribute_type(ScalarAttributeType::S);
        asked = asked
            .key_schema(element.build().unwrap())
            .attribute_definitions(attribute.build().unwrap());
    }
    asked.send().await.unwrap();
    for _ in 0..LOOKS {
        let told = client.describe_table().table_name(name).send().await.unwrap();
        if told.table.and_then(|table| table.table_status) == Some(TableStatus::Active) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
    }
    panic!("the table {name} is never there");
}
