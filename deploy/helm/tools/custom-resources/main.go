// custom-resources reads manifests from standard input and decodes those of the Prometheus operator into the operator's
// own types: a field that these do not have, or a value of another type, is a fault. kubeconform knows only the kinds of
// Kubernetes itself. Prints how many it read; exits with 1 where there was a fault.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

type manifest struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
}

func target(kind string) any {
	switch kind {
	case "ServiceMonitor":
		return &monitoring.ServiceMonitor{}
	case "PodMonitor":
		return &monitoring.PodMonitor{}
	case "PrometheusRule":
		return &monitoring.PrometheusRule{}
	}
	return nil
}

// check decodes every document; it returns how many were of a known kind, and the faults.
func check(documents *yaml.YAMLReader) (read int, faults []error) {
	for {
		document, err := documents.Read()
		if err == io.EOF {
			return read, faults
		}
		var head manifest
		if err == nil {
			err = strict.Unmarshal(document, &head)
		}
		if err != nil {
			return read, append(faults, fmt.Errorf("not a manifest: %w", err))
		}
		resource := target(head.Kind)
		if resource == nil {
			continue
		}
		read++
		if err := strict.UnmarshalStrict(document, resource); err != nil {
			faults = append(faults, fmt.Errorf("%s %s: %w", head.Kind, head.Metadata.Name, err))
		}
	}
}

func main() {
	read, faults := check(yaml.NewYAMLReader(bufio.NewReader(os.Stdin)))
	for _, fault := range faults {
		fmt.Fprintln(os.Stderr, fault)
	}
	fmt.Printf("%d resources of the Prometheus operator\n", read)
	if len(faults) > 0 {
		os.Exit(1)
	}
}
