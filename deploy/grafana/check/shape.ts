// Holds the dashboard's JSON to the types that Grafana publishes: `.ci/observability` puts the JSON where `dashboard` is declared.
import type { Dashboard, DataQuery } from '@grafana/schema';

// JSON has strings where the types have enums, and each data source adds fields of its own to a query.
type Json<T> = T extends DataQuery
  ? T & Record<string, unknown>
  : T extends string
    ? `${T}`
    : T extends (infer E)[]
      ? Json<E>[]
      : T extends object
        ? { [K in keyof T]: Json<T[K]> }
        : T;

export type DashboardJson = Json<Dashboard>;
