"""Every option of the chart: what it means, what it may be, what it is where nothing is said. make_chart.py writes
values.yaml, values.schema.json and the README's table from here."""

from schema_parts import (choice, flag, image, integer, key, kubernetes, kubernetes_list, listing, name, optional,
                          quantity, section, text, texts)
from server_options import server_options

CPU = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "4Gi"}}


def workload():
    return {
        "nameOverride": name("Name of the chart in the names of objects; empty: driftserve."),
        "fullnameOverride": name("Name of all objects; empty: release and chart."),
        "replicaCount": integer("Pods, where autoscaling.kind is none.", 2, 0, 1000),
        "image": image("the server", "driftserve", ""),
        "imagePullSecrets": listing("Names of secrets for the registry.", {"type": "string", "minLength": 1}),
        "listenHost": choice("Address that the server listens on; [::] where the cluster has IPv6.",
                             ["0.0.0.0", "[::]"], "0.0.0.0"),
        "strategy": kubernetes("The Deployment's update strategy.",
                               {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        "revisionHistoryLimit": integer("Old ReplicaSets that are kept.", 5, 0, 100),
        "shutdown": section(
            "How a pod ends: preStop, then the server's own shutdown (config.shutdown, config.kafka.flush_timeout_ms).",
            preStopSeconds=integer("Seconds before SIGTERM, in which the endpoint goes from the Service. Before "
                                   "Kubernetes 1.30, whose pods cannot sleep, the server serves on as long after "
                                   "SIGTERM.", 5, 0, 600),
            terminationGracePeriodSeconds=integer("After this the pod is killed. At least preStop, lame duck, drain, "
                                                  "flush and a second together, or the chart is refused.",
                                                  60, 1, 3600)),
        "startupProbe": section(
            "grpc.health.v1 for the service \"\", which serves once every model is loaded.",
            periodSeconds=integer("Seconds between two.", 2, 1, 300),
            failureThreshold=integer("So often a pod may not be ready before it is restarted: the time that the models "
                                     "may take to load.", 300, 1, 10000)),
        "readinessProbe": section(
            "grpc.health.v1 for the service \"\": not while it starts, ends, or a model's run does not return.",
            periodSeconds=integer("Seconds between two.", 5, 1, 300),
            failureThreshold=integer("So many in a row and the pod gets no traffic.", 2, 1, 100)),
        "livenessProbe": section(
            "The same after the start: a pod that stays unready, as with a model's run that never returns, is "
            "restarted.",
            enabled=flag("Whether there is one.", True),
            periodSeconds=integer("Seconds between two.", 10, 1, 300),
            failureThreshold=integer("So many in a row and the pod is restarted.", 30, 1, 1000)),
    }


def server():
    return {
        "config": server_options(),
        "monitorOverrides": {
            "type": "object", "default": {},
            "description": "Per model: sections that replace those of its monitor.yaml.",
            "additionalProperties": section(
                "Sections of a monitor.yaml; the server checks what is in them.",
                **{part: {"type": "object"} for part in ("window", "thresholds", "decision", "sampling", "labels")})},
        "extraEnv": kubernetes_list("Further environment of the server, as in a pod's env."),
        "kafkaSecrets": section(
            "What the server needs to know at config.kafka.brokers, from secrets that exist already.",
            tls=section(
                "TLS to the brokers.",
                enabled=flag("Whether connections are encrypted.", False),
                existingSecret=name("Secret with certificates; empty: the image's certificate authorities."),
                caKey=key("Key of the authority's certificate.", "ca.crt"),
                clientCertificate=flag("Whether the secret has a certificate and a key of ours.", False),
                certificateKey=key("Key of our certificate.", "tls.crt"),
                privateKeyKey=key("Key of our private key.", "tls.key")),
            sasl=section(
                "Authentication.",
                mechanism=choice("SASL mechanism; empty: none.", ["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
                                 ""),
                existingSecret=name("Secret with user and password; needed with a mechanism."),
                usernameKey=key("Key of the user.", "username"),
                passwordKey=key("Key of the password.", "password")),
            hashKey=section(
                "Secret for record fields that monitor.yaml says to hash; without it they are dropped.",
                existingSecret=name("Secret with 32 hexadecimal digits."),
                key=key("Key of the digits.", "hash-key"))),
        "models": section(
            "Where the model repository comes from.",
            source=choice("image: it is in the image; pvc: a volume; s3: copied from a bucket before the start.",
                          ["image", "pvc", "s3"], "image"),
            path=text("Where it lies in the pod.", "/models", r"^/[-\w./]*[-\w.]$"),
            pvc=section(
                "A PersistentVolumeClaim.",
                existingClaim=name("Its name; needed with source pvc."),
                subPath=optional(text("Folder in the volume.", "", r"^[^/].*$")),
                readOnly=flag("Whether it is mounted without the right to write.", True)),
            s3=section(
                "A bucket, read by an init container with the AWS command line.",
                url=optional(text("Bucket and prefix; needed with source s3.", "",
                                  r"^s3://[a-z0-9][-a-z0-9.]{1,61}[a-z0-9](/.*)?$")),
                endpointUrl=optional(text("Address of another S3 service; empty: AWS.", "", r"^https?://[^\s]+$")),
                region=optional(text("Region.", "", r"^[-a-z0-9]+$")),
                existingSecret=name("Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; empty: the service "
                                    "account's role."),
                sizeLimit=quantity("Room for the copy.", "20Gi"),
                image=image("the AWS command line", "amazon/aws-cli", "2.31.3"))),
    }


def exposure():
    return {
        "service": section(
            "The Service, and a headless one beside it for clients that balance themselves (dns:///…, round_robin).",
            type=choice("Type of the Service.", ["ClusterIP", "NodePort", "LoadBalancer"], "ClusterIP"),
            grpcPort=integer("Port of gRPC.", 8001, 1, 65535),
            operationsPort=integer("Port of /metrics, /readyz and the live page.", 8002, 1, 65535),
            annotations=texts("Annotations of the Service."),
            headless=flag("Whether there is a headless Service.", True)),
        "serviceAccount": section(
            "The pods' account. The server does not talk to Kubernetes, so no token is mounted.",
            create=flag("Whether the chart makes one.", True),
            name=name("Its name; empty: the full name, or default where none is made."),
            annotations=texts("Annotations, such as the role that may read the bucket.")),
        "networkPolicy": section(
            "Who may talk to the pods, and to whom they may.",
            enabled=flag("Whether there is one.", False),
            grpcFrom=kubernetes_list("Peers that may call gRPC; empty: all pods of the namespace."),
            operationsFrom=kubernetes_list("Peers that may scrape; empty: all pods of every namespace."),
            extraEgress=kubernetes_list("Rules for what else the pods reach: brokers, a bucket. DNS is always allowed; "
                                        "empty: nothing else.")),
    }


def scaling():
    return {
        "autoscaling": section(
            "How many pods there are, by requests that wait (driftserve_pending_requests).",
            kind=choice("none; hpa: HorizontalPodAutoscaler, needs that metric from an adapter; keda: ScaledObject, "
                        "asks Prometheus itself.", ["none", "hpa", "keda"], "none"),
            minReplicas=integer("Least pods.", 2, 1, 1000),
            maxReplicas=integer("Most pods.", 10, 1, 1000),
            pendingRequests=integer("Requests that may wait per pod before there are more pods.", 32, 1, 1000000),
            cpuUtilization=integer("Percent of the requested CPU before there are more pods; 0: not looked at. hpa "
                                   "alone.", 0, 0, 100),
            prometheusAddress=optional(text("Address of Prometheus, for keda.", "", r"^https?://[^\s]+$")),
            behavior=kubernetes("Behaviour of the HorizontalPodAutoscaler, under keda too.",
                                {"scaleDown": {"stabilizationWindowSeconds": 300}})),
        "podDisruptionBudget": section(
            "How many pods a drained node may take.",
            enabled=flag("Whether there is one.", True),
            maxUnavailable={"description": "Pods, or percent of them.", "default": 1,
                            "anyOf": [{"type": "integer", "minimum": 0},
                                      {"type": "string", "pattern": "^(100|[0-9]{1,2})%$"}]}),
    }


def observation():
    monitor = {"enabled": flag("Whether there is one.", False),
               "interval": text("Time between two scrapes.", "15s", r"^([0-9]+(ms|s|m|h))+$"),
               "labels": texts("Labels by which a Prometheus chooses it.")}
    return {
        "serviceMonitor": section("For the Prometheus operator: scrapes by the Service.", **monitor),
        "podMonitor": section("For the Prometheus operator: scrapes the pods themselves. Not both: every row would "
                              "count twice.", **monitor),
        "prometheusRule": section(
            "For the Prometheus operator: the rules of deploy/prometheus, for the fleet's PSI and KS and for alerts.",
            enabled=flag("Whether there is one.", False),
            alerts=flag("Whether the alerts are in it.", True),
            labels=texts("Labels by which a Prometheus chooses it.")),
        "dashboards": section(
            "A ConfigMap with the dashboards of deploy/grafana, which Grafana's sidecar loads.",
            enabled=flag("Whether there is one.", False),
            labels={**texts("Labels that the sidecar looks for."), "default": {"grafana_dashboard": "1"}},
            folder=text("Folder in Grafana.", "driftserve")),
        "runbooks": optional(text("Address of a folder with the pages of deploy/runbooks, to which alerts and dashboards "
                                  "link; empty: the links lead nowhere.", "", r"^https?://[^\s]*[^\s/]$")),
    }


def placement():
    return {
        "gpu": section(
            "Graphics cards.",
            count=integer("Cards per pod; 0: none.", 0, 0, 16),
            resourceName=text("Name of the resource.", "nvidia.com/gpu", r"^[a-z0-9.-]+/[-a-zA-Z0-9_.]+$"),
            tolerate=flag("Whether nodes with a taint of that name are tolerated.", True)),
        "runtimeClassName": name("RuntimeClass, such as nvidia."),
        "priorityClassName": name("PriorityClass."),
        "resources": section(
            "Requests and limits of the server. A CPU limit also sets how many threads serve (grpc.pollers).",
            **{part: {"type": "object", "description": f"{part.capitalize()} by resource.",
                      "additionalProperties": {"type": ["string", "integer", "number"]}, "default": CPU[part]}
               for part in ("requests", "limits")}),
        "nodeSelector": texts("Labels that a node must have."),
        "tolerations": kubernetes_list("Taints that are tolerated."),
        "affinity": kubernetes("Affinity."),
        "topologySpread": section(
            "How pods spread.",
            enabled=flag("Whether they do.", True),
            topologyKey=text("Label of nodes over which they spread.", "kubernetes.io/hostname", r"^[-a-zA-Z0-9_./]+$"),
            maxSkew=integer("Difference that is allowed.", 1, 1, 100),
            whenUnsatisfiable=choice("What happens where it cannot be kept.", ["ScheduleAnyway", "DoNotSchedule"],
                                     "ScheduleAnyway")),
        "podLabels": texts("Further labels of the pods."),
        "podAnnotations": texts("Annotations of the pods."),
        "temporaryFiles": section(
            "/tmp, the one place that the server may write to: packages of native code are unpacked there.",
            sizeLimit=quantity("Its room.", "2Gi")),
        "extraVolumes": kubernetes_list("Further volumes of the pods."),
        "extraVolumeMounts": kubernetes_list("Where the server sees them."),
        "extraInitContainers": kubernetes_list("Further init containers, after that of the models."),
        "extraContainers": kubernetes_list("Containers beside the server, such as a proxy that ends TLS."),
        "extraManifests": listing("Further objects; text is a template.", {"type": ["object", "string"]}),
        "tests": section("What `helm test` runs: a gRPC health check, through the Service.",
                         image=image("grpcurl", "fullstorydev/grpcurl", "v1.9.3")),
    }


def options():
    return {**workload(), **server(), **exposure(), **scaling(), **observation(), **placement()}
