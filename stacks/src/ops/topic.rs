//! Who hears of it: the topic of the alarms, and the budget.

use cfn::{Emit, Intrinsic, Stack, budgets, sns};
use serde_json::json;

use super::Topic;
use crate::{Stage, names::physical};

/// The topic, with the address of the stage. Only alarms and budgets of this account publish there.
pub(super) fn topic(stack: &mut Stack, stage: &Stage) -> Topic {
    let topic = stack.add(
        "Alarms",
        sns::Topic {
            topic_name: Some(physical(stage, "alarms").into()),
            ..Default::default()
        },
    );
    let statement = |id: &str, service: &str, source: &str| {
        json!({
            "Sid": id,
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sns:Publish",
            "Resource": topic.reference().emit(),
            "Condition": {
                "StringEquals": { "aws:SourceAccount": cfn::pseudo::account_id().emit() },
                "ArnLike": { "aws:SourceArn": Intrinsic::sub(source).emit() },
            },
        })
    };
    let alarms = "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*";
    let budgets = "arn:${AWS::Partition}:budgets::${AWS::AccountId}:*";
    stack.add(
        "AlarmsPolicy",
        sns::TopicPolicy::new(
            json!({
                "Version": "2012-10-17",
                "Statement": [
                    statement("Alarms", "cloudwatch.amazonaws.com", alarms),
                    statement("Budgets", "budgets.amazonaws.com", budgets),
                ],
            }),
            [topic.reference()],
        ),
    );
    if let Some(email) = &stage.alarms.email {
        stack.add(
            "AlarmsEmail",
            sns::Subscription {
                endpoint: Some(email.clone().into()),
                ..sns::Subscription::new("email", topic.reference())
            },
        );
    }
    topic.reference()
}

/// Percent of the budget at which the topic hears of it: of what was spent, and of what AWS expects
/// for the month.
const WARNINGS: [(&str, f64); 3] = [("ACTUAL", 80.0), ("ACTUAL", 100.0), ("FORECASTED", 100.0)];

/// The budget of the account, where the stage has one. It counts everything in the account: a filter
/// by tag would count nothing until somebody activates the tag in the billing console.
pub(super) fn budget(stack: &mut Stack, stage: &Stage, topic: &Topic) {
    let (Some(budget), true) = (stage.cost.budget, stage.account.is_some()) else {
        return;
    };
    let subscriber = || budgets::BudgetSubscriber::new(topic.clone(), "SNS");
    let notifications = WARNINGS.map(|(kind, percent)| {
        let notification = budgets::BudgetNotification {
            threshold_type: Some("PERCENTAGE".into()),
            ..budgets::BudgetNotification::new("GREATER_THAN", kind, percent)
        };
        budgets::BudgetNotificationWithSubscribers::new(notification, [subscriber()])
    });
    stack.add(
        "Budget",
        budgets::Budget {
            notifications_with_subscribers: Some(notifications.into()),
            ..budgets::Budget::new(budgets::BudgetBudgetData {
                budget_name: Some(physical(stage, "month").into()),
                budget_limit: Some(budgets::BudgetSpend::new(f64::from(budget), "USD")),
                ..budgets::BudgetBudgetData::new("COST", "MONTHLY")
            })
        },
    );
}
