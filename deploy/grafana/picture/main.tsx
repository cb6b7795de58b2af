// Draws the dashboard with Grafana's own components, from answers that a real Prometheus gave. Knows the kinds of panels that
// the dashboard has, and no others.

import {
  createTheme, dateTime, FieldType, getDisplayProcessor, toDataFrame,
  type DataFrame, type DisplayValue, type FieldConfig,
} from '@grafana/data';
import { BarGauge, BigValue, ThemeContext, TimeSeries } from '@grafana/ui';
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import data from './data.json';
import dashboard from './dashboard.json';

const theme = createTheme({ colors: { mode: 'dark' } });
const WIDTH = 1680, CELL = 34, GAP = 8, COLUMN = WIDTH / 24;
const range = { from: dateTime(data.from * 1000), to: dateTime(data.to * 1000) };
const timeRange = { ...range, raw: range };

type Series = { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] };
type Panel = (typeof dashboard.panels)[number] & Record<string, any>;

const named = (legend: string, metric: Record<string, string>) =>
  legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');

/** The field options of a series, with the overrides for its name. */
function config(panel: Panel, name: string): FieldConfig {
  const { defaults, overrides } = panel.fieldConfig as any;
  const config = { ...structuredClone(defaults), displayName: name };
  for (const override of overrides) {
    if (new RegExp(`^${override.matcher.options}$`).test(name)) {
      for (const { id, value } of override.properties) config.custom[id.replace('custom.', '')] = value;
    }
  }
  return config;
}

function frames(panel: Panel): DataFrame[] {
  const all = panel.targets.flatMap((target: any) => {
    const query = target.expr.replaceAll('$import', '.*');
    const answer = (data.answers as any)[`${target.instant} ${query}`] as Series[];
    return answer.map((series) => {
      const points = series.values ?? [series.value!];
      const name = named(target.legendFormat, series.metric);
      return toDataFrame({
        refId: target.refId,
        fields: [
          { name: 'Time', type: FieldType.time, values: points.map(([time]) => time * 1000), config: {} },
          { name, type: FieldType.number, values: points.map(([, value]) => Number(value)), config: config(panel, name) },
        ],
      });
    });
  });
  all.forEach((frame: DataFrame, index: number) => {
    const field = frame.fields[1];
    field.state = { seriesIndex: index, displayName: field.name };
    field.display = getDisplayProcessor({ field, theme });
    frame.fields[0].display = getDisplayProcessor({ field: frame.fields[0], theme });
  });
  return all;
}

function Content({ panel, width, height }: { panel: Panel; width: number; height: number }) {
  const all = frames(panel);
  const values = all.map((frame) => {
    const field = frame.fields[1];
    const value: DisplayValue = { ...field.display!(field.values.at(-1)), title: field.name };
    return { field, value };
  });
  if (all.length === 0) {
    return <div style={{ height, display: 'grid', placeItems: 'center', fontSize: 18, color: theme.colors.text.secondary }}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  switch (panel.type) {
    case 'timeseries':
      return (
        <TimeSeries frames={all} timeRange={timeRange} timeZone="utc" width={width} height={height}
          legend={{ ...panel.options.legend }} />
      );
    case 'stat': {
      const one = width / Math.max(values.length, 1);
      const side = { display: 'flex', gap: 4 };
      return (
        <div style={side}>
          {values.map(({ value }) => (
            <BigValue key={value.title} theme={theme} width={one - 4} height={height} colorMode={panel.options.colorMode}
              graphMode={panel.options.graphMode} justifyMode={panel.options.justifyMode}
              textMode={panel.options.textMode === 'name' ? ('name' as any) : values.length > 1 ? ('value_and_name' as any) : ('value' as any)}
              value={value} />
          ))}
        </div>
      );
    }
    case 'bargauge': {
      const shown = values.filter(({ value }) => panel.title !== 'Stages of the last run' || value.numeric > 0);
      const max = panel.fieldConfig.defaults.max ?? Math.max(...shown.map(({ value }) => value.numeric));
      const one = Math.min(height / shown.length, 38);
      const title = Math.max(...shown.map(({ value }) => value.title!.length)) * 8 + 16;
      return (
        <div>
          {shown.map(({ field, value }) => (
            <div key={value.title} style={{ display: 'flex', alignItems: 'center', height: one, fontSize: 13 }}>
              <div style={{ width: title, flexShrink: 0, color: theme.colors.text.primary }}>{value.title}</div>
              <BarGauge theme={theme} width={width - title} height={one - 5} orientation={'horizontal' as any}
                displayMode={panel.options.displayMode} showUnfilled field={{ ...field.config, min: 0, max } as any}
                display={field.display} value={{ ...value, title: '' }} itemSpacing={4} lcdCellWidth={12} text={{ valueSize: 16 }}
                valueDisplayMode={panel.options.valueMode} />
            </div>
          ))}
        </div>
      );
    }
    default:
      throw new Error(`a ${panel.type} can't be drawn here`);
  }
}

/** Panels of other data sources are left out, and what is below them moves up. */
function placed(): [Panel, number][] {
  let gone = 0;
  return (dashboard.panels as Panel[]).flatMap((panel): [Panel, number][] => {
    if (panel.type !== 'row' && panel.datasource?.type !== 'prometheus') {
      gone += panel.gridPos.h;
      return [];
    }
    return [[panel, panel.gridPos.y - gone]];
  });
}

function Dashboard() {
  const panels = placed();
  const rows = Math.max(...panels.map(([panel, y]) => y + panel.gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <div id="dashboard" style={{ position: 'relative', width: WIDTH + GAP * 2, height: rows * CELL + GAP, fontFamily: theme.typography.fontFamily, color: theme.colors.text.primary }}>
        {panels.map(([panel, y]) => {
          const { x, w, h } = panel.gridPos;
          const place = { position: 'absolute' as const, left: x * COLUMN + GAP, top: y * CELL + GAP, width: w * COLUMN - GAP, height: h * CELL - GAP, boxSizing: 'border-box' as const };
          if (panel.type === 'row') {
            return <div key={panel.id} style={{ ...place, fontSize: 16, fontWeight: 500, lineHeight: `${CELL - GAP}px` }}>⌄ {panel.title}</div>;
          }
          return (
            <div key={panel.id} style={{ ...place, background: theme.colors.background.primary, border: `1px solid ${theme.colors.border.weak}`, borderRadius: 2, padding: '6px 8px', overflow: 'hidden' }}>
              <div style={{ fontSize: 14, fontWeight: 500, height: 24 }}>{panel.title}</div>
              <Content panel={panel} width={w * COLUMN - GAP - 18} height={h * CELL - GAP - 40} />
            </div>
          );
        })}
      </div>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('root')!).render(<Dashboard />);
