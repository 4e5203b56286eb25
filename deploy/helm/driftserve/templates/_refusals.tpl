{{- /* Values that are each as the schema asks and cannot be together. Every refusal names the values to change. */ -}}
{{- define "driftserve.refusals" -}}
{{- include "driftserve.refuseShortGrace" . -}}
{{- include "driftserve.refuseModels" . -}}
{{- include "driftserve.refuseKafka" . -}}
{{- include "driftserve.refuseScaling" . -}}
{{- if and .Values.serviceMonitor.enabled .Values.podMonitor.enabled -}}
{{- fail "serviceMonitor.enabled and podMonitor.enabled: expected at most one, got both; rows would count twice" -}}
{{- end -}}
{{- end -}}

{{- define "driftserve.refuseShortGrace" -}}
{{- $shutdown := .Values.shutdown -}}
{{- $lameDuck := dig "shutdown" "lame_duck_ms" 0 .Values.config -}}
{{- $drain := dig "shutdown" "drain_timeout_ms" 30000 .Values.config -}}
{{- $flush := dig "kafka" "flush_timeout_ms" 10000 .Values.config -}}
{{- $milliseconds := add (int64 $lameDuck) (int64 $drain) (int64 $flush) 1000 -}}
{{- $needed := add (int64 $shutdown.preStopSeconds) (div (add $milliseconds 999) 1000) -}}
{{- if lt (int64 $shutdown.terminationGracePeriodSeconds) $needed -}}
{{- fail (print
      "shutdown.terminationGracePeriodSeconds: expected at least " $needed ", got "
      (int64 $shutdown.terminationGracePeriodSeconds) "; shutdown.preStopSeconds, config.shutdown.lame_duck_ms, "
      "config.shutdown.drain_timeout_ms, config.kafka.flush_timeout_ms and a second together: the pod would be killed "
      "with requests unanswered or records unsent") -}}
{{- end -}}
{{- end -}}

{{- define "driftserve.refuseModels" -}}
{{- $models := .Values.models -}}
{{- if and (eq $models.source "pvc") (not $models.pvc.existingClaim) -}}
{{- fail "models.pvc.existingClaim: expected the name of a volume claim with models.source pvc, got nothing" -}}
{{- end -}}
{{- if and (eq $models.source "s3") (not $models.s3.url) -}}
{{- fail "models.s3.url: expected s3://bucket/prefix with models.source s3, got nothing" -}}
{{- end -}}
{{- if and (eq $models.source "s3") (eq (dig "repository" "control" "none" .Values.config) "poll") -}}
{{- fail (print
      "config.repository.control: expected none or explicit with models.source s3, got poll; the bucket is copied "
      "once, before the server starts") -}}
{{- end -}}
{{- end -}}

{{- define "driftserve.refuseKafka" -}}
{{- $secrets := .Values.kafkaSecrets -}}
{{- $used := or $secrets.tls.enabled $secrets.sasl.mechanism -}}
{{- if and $used (not (dig "kafka" "brokers" "" .Values.config)) -}}
{{- fail "config.kafka.brokers: expected host:port,… with kafkaSecrets.tls or kafkaSecrets.sasl, got nothing" -}}
{{- end -}}
{{- if and $secrets.sasl.mechanism (not $secrets.sasl.existingSecret) -}}
{{- fail (print
      "kafkaSecrets.sasl.existingSecret: expected the name of a secret with mechanism " $secrets.sasl.mechanism
      ", got nothing") -}}
{{- end -}}
{{- if and $secrets.tls.clientCertificate (not $secrets.tls.existingSecret) -}}
{{- fail "kafkaSecrets.tls.existingSecret: expected the name of a secret with clientCertificate, got nothing" -}}
{{- end -}}
{{- range $property, $value := dig "kafka" "properties" dict .Values.config -}}
{{- if regexMatch "(password|\\.pem$|secret)" $property -}}
{{- fail (print
      "config.kafka.properties: " $property " would lie in a ConfigMap; use kafkaSecrets or extraEnv with a secret") -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "driftserve.refuseScaling" -}}
{{- $scaling := .Values.autoscaling -}}
{{- if ne $scaling.kind "none" -}}
{{- if gt (int64 $scaling.minReplicas) (int64 $scaling.maxReplicas) -}}
{{- fail (print
      "autoscaling.minReplicas: expected at most maxReplicas, " (int64 $scaling.maxReplicas) ", got "
      (int64 $scaling.minReplicas)) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $scaling.kind "keda") (not $scaling.prometheusAddress) -}}
{{- fail "autoscaling.prometheusAddress: expected the address of Prometheus with kind keda, got nothing" -}}
{{- end -}}
{{- end -}}
