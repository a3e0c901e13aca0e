// What `cargo xtask grafana` writes, by the types that Grafana publishes (@grafana/schema, Apache-2.0): of a
// dashboard, its panels, and the queries of its CloudWatch data source. An object literal that is checked
// against these has every required property and no other than they name.
import type { Dashboard, Panel } from '@grafana/schema';
import type { CloudWatchMetricsQuery } from '@grafana/schema/dist/esm/raw/composable/cloudwatch/dataquery/x/CloudWatchDataQuery_types.gen';

export type CloudWatchPanel = Omit<Panel, 'targets' | 'options'> & {
  targets: CloudWatchMetricsQuery[];
};

export type CloudWatchDashboard = Omit<Dashboard, 'panels'> & {
  panels: CloudWatchPanel[];
};
