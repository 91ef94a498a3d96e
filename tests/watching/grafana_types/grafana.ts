// What a dashboard of ours may hold, put together from Grafana's own types.
//
// Grafana leaves open what belongs to a plugin: `options`, `fieldConfig.defaults.custom`, `targets`. Here each kind of
// panel has those of its plugin, so that a misspelt option is refused too.

import type * as schema from '@grafana/schema';
import type { PrometheusDataQuery } from '@grafana/schema-with-prometheus/dist/esm/raw/composable/prometheus/dataquery/x/PrometheusDataQuery_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen.d.ts';
import type * as stateTimeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen.d.ts';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen.d.ts';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen.d.ts';

// JSON has the values of an enum, not its names.
type Plain<T> = T extends string
  ? `${T}`
  : T extends readonly (infer Item)[]
    ? Plain<Item>[]
    : T extends object
      ? { [Key in keyof T]: Plain<T[Key]> }
      : T;

type FieldConfig<Custom> = {
  defaults: Omit<schema.FieldConfig, 'custom' | 'links'> & { custom?: Partial<Custom>; links?: schema.DashboardLink[] };
  overrides: schema.FieldConfigSource['overrides'];
};

type Panel<Type extends string, Options, Custom> = Omit<schema.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> & {
  type: Type;
  options: Options;
  fieldConfig: FieldConfig<Custom>;
  targets: PrometheusDataQuery[];
};

type AnyPanel =
  | schema.RowPanel
  | Panel<'stat', stat.Options, Record<string, never>>
  | Panel<'state-timeline', stateTimeline.Options, stateTimeline.FieldConfig>
  | Panel<'table', table.Options, table.FieldConfig>
  | Panel<'timeseries', timeseries.Options, timeseries.FieldConfig>;

type Variable = Omit<schema.VariableModel, 'query'> & { query: string | { query: string; refId: string } };

// Beside the fields of every annotation those that the Prometheus data source reads (its class PrometheusDatasource,
// annotationQuery); no package of types has them.
type Annotation = schema.AnnotationQuery & { expr: string; titleFormat: string; tagKeys: string; step: string };

export type Dashboard = Plain<
  Omit<schema.Dashboard, 'panels' | 'templating' | 'annotations'> & {
    panels: AnyPanel[];
    templating: { list: Variable[] };
    annotations: { list: Annotation[] };
  }
>;
