{{- /* One value of server.yaml. Numbers of a values file arrive as floats; a large one would become 1e+09. */ -}}
{{- define "driftserve.value" -}}
{{- if kindIs "float64" . -}}
{{- if eq (floor .) . -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}

{{- /* Properties for librdkafka that follow from kafkaSecrets; those of config.kafka.properties go before them. */ -}}
{{- define "driftserve.kafkaProperties" -}}
{{- $tls := .Values.kafkaSecrets.tls -}}
{{- $sasl := .Values.kafkaSecrets.sasl -}}
{{- $properties := dict -}}
{{- if and $tls.enabled $sasl.mechanism -}}
{{- $_ := set $properties "security.protocol" "sasl_ssl" -}}
{{- else if $tls.enabled -}}
{{- $_ := set $properties "security.protocol" "ssl" -}}
{{- else if $sasl.mechanism -}}
{{- $_ := set $properties "security.protocol" "sasl_plaintext" -}}
{{- end -}}
{{- if $sasl.mechanism -}}{{- $_ := set $properties "sasl.mechanisms" $sasl.mechanism -}}{{- end -}}
{{- if and $tls.enabled $tls.existingSecret -}}
{{- $_ := set $properties "ssl.ca.location" (printf "/etc/driftserve/kafka-tls/%s" $tls.caKey) -}}
{{- if $tls.clientCertificate -}}
{{- $_ := set $properties "ssl.certificate.location" (printf "/etc/driftserve/kafka-tls/%s" $tls.certificateKey) -}}
{{- $_ := set $properties "ssl.key.location" (printf "/etc/driftserve/kafka-tls/%s" $tls.privateKeyKey) -}}
{{- end -}}
{{- end -}}
{{- toJson (merge (dict) (dig "kafka" "properties" dict .Values.config) $properties) -}}
{{- end -}}

{{- /* server.yaml: the values' config, and what the chart decides. */ -}}
{{- define "driftserve.serverYaml" -}}
{{- $config := deepCopy .Values.config -}}
{{- $lameDuck := int64 (dig "shutdown" "lame_duck_ms" 0 $config) -}}
{{- if not (include "driftserve.podsCanSleep" .) -}}
{{- $lameDuck = add $lameDuck (mul 1000 (int64 .Values.shutdown.preStopSeconds)) -}}
{{- end -}}
{{- $properties := include "driftserve.kafkaProperties" . | fromJson -}}
{{- $own := dict
      "grpc" (dict "address" (printf "%s:8001" .Values.listenHost))
      "operations" (dict "address" (printf "%s:8002" .Values.listenHost))
      "repository" (dict "path" .Values.models.path)
      "shutdown" (dict "lame_duck_ms" $lameDuck) -}}
{{- if $properties -}}{{- $_ := set $own "kafka" (dict "properties" $properties) -}}{{- end -}}
{{- range $section, $options := mergeOverwrite $config $own }}
{{ $section }}:
{{- range $option, $value := $options }}
  {{ $option }}: {{ include "driftserve.value" $value }}
{{- end }}
{{- end }}
{{- if .Values.monitorOverrides }}
monitor_overrides:
  {{- toYaml .Values.monitorOverrides | nindent 2 }}
{{- end }}
{{- end -}}
