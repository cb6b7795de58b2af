{{/* What must be given, and what doesn't go together. All mistakes are told at once; the schema has seen the rest. */}}

{{- define "qualys-connector.validate" -}}
{{- $mistakes := list -}}
{{- if not . -}}
{{- $mistakes = append $mistakes "`imports` is empty. Name one, for example with\n      --set imports.nightly.templates={424242}\n      --set imports.nightly.settings.management_center.server=fmc.example.com\n      --set defaults.secrets.qualys.existingSecret=qualys\n      --set defaults.secrets.managementCenter.existingSecret=management-center\n    or see it work without accounts: --set lab.enabled=true" -}}
{{- end -}}
{{- range $name, $import := . -}}
{{- $where := printf "imports.%s" $name -}}
{{- $settings := include "qualys-connector.settings" $import | fromYaml -}}
{{- $center := default dict $settings.management_center -}}
{{- $fromFile := (default dict $settings.report).file -}}
{{- $toFile := (default dict $settings.csv).file -}}
{{- $hosts := eq (default "" (default dict $settings.qualys).api) "detections" -}}
{{- if and $import.templates $hosts -}}
{{- $mistakes = append $mistakes (printf "%s.templates is set, but settings.qualys.api is detections, which no template chooses: leave one of them out" $where) -}}
{{- end -}}
{{- if and (eq $import.mode "sharded") (not $hosts) -}}
{{- $mistakes = append $mistakes (printf "%s.mode is sharded, which needs settings.qualys.api: detections" $where) -}}
{{- end -}}
{{- if and (eq $import.mode "indexed") $hosts -}}
{{- $mistakes = append $mistakes (printf "%s.mode is indexed, which is for templates: use mode sharded with settings.qualys.api: detections" $where) -}}
{{- end -}}
{{- if not (or $import.templates $fromFile $hosts) -}}
{{- $mistakes = append $mistakes (printf "%s.templates is empty: which report templates of Qualys' are to be imported?" $where) -}}
{{- end -}}
{{- if not (or $import.secrets.qualys.existingSecret $import.secrets.directory $fromFile) -}}
{{- $mistakes = append $mistakes (printf "%s has no login at Qualys. Make a Secret and name it in defaults.secrets.qualys.existingSecret:\n      kubectl create secret generic qualys --from-literal=username=USER --from-file=password=FILE" $where) -}}
{{- end -}}
{{- $login := $import.secrets.qualys -}}
{{- if and $login.existingSecret (not (or $login.tokenKey $login.userKey (default dict $settings.qualys).user_id)) -}}
{{- $mistakes = append $mistakes (printf "%s has no user at Qualys: neither secrets.qualys.userKey nor settings.qualys.user_id says it" $where) -}}
{{- end -}}
{{- if not (or $center.server $toFile) -}}
{{- $mistakes = append $mistakes (printf "%s.settings.management_center.server is empty: which Management Center is to be told?" $where) -}}
{{- end -}}
{{- if not (or $center.pkcs12 $import.secrets.directory $toFile) -}}
{{- $mistakes = append $mistakes (printf "%s has no PKCS12 file from the Management Center. Make a Secret and name it in defaults.secrets.managementCenter.existingSecret:\n      kubectl create secret generic management-center --from-file=client.pkcs12" $where) -}}
{{- end -}}
{{- if and $import.state.enabled (or $fromFile $toFile) -}}
{{- $mistakes = append $mistakes (printf "%s.state.enabled remembers nothing: only imports from Qualys into a Management Center are remembered (settings.report.file, settings.csv.file)" $where) -}}
{{- end -}}
{{- if gt (len $import.fullname) 52 -}}
{{- $mistakes = append $mistakes (printf "the CronJob of %s would be called %s, which has %d characters; Kubernetes allows 52. Shorten fullnameOverride, the release or the import" $where $import.fullname (len $import.fullname)) -}}
{{- end -}}
{{- end -}}
{{- if $mistakes -}}
{{- fail (printf "\n\n  * %s\n" (join "\n  * " $mistakes)) -}}
{{- end -}}
{{- end }}
