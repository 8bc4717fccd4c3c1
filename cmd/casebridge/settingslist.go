package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
)

// ownNotes say what the settings of casebridge itself are for.
var ownNotes = map[string]string{
	keyStore: "the file of the store", keyKey: "the store key, in base64", keyKeyFile: "the file with the store key",
	keyKeep: "how long the rows of past runs are kept", keyPayload: "how long the document of a quarantine entry is kept",
	keyRetryFor: "how long an entry is tried again by itself",
}

func (a *app) settingsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "settings",
		Short: "List every setting of an installation: its key, its variable, its default",
		Long: "Lists what can be set in a settings file (--config), as a variable of the environment, or with --set, for this project.\n" +
			"It shows defaults and never what is set. A dot in a key is a level in the file: connections.primero.rate is\n\n" +
			"  connections:\n    primero:\n      rate: 20",
		RunE: func(*cobra.Command, []string) error {
			asJSON, err := a.json()
			if err != nil {
				return err
			}
			c, err := a.ready()
			if err != nil {
				return err
			}
			lines := (&settings{drivers: c.drivers}).list(c)
			if asJSON {
				s := screen{out: a.stdout}
				for _, line := range lines {
					s.encode(line)
				}
				return nil
			}
			w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			for _, l := range lines {
				fmt.Fprintf(w, "%s\t%s\t%s\n", l.Key, l.Variable, l.text())
			}
			return w.Flush()
		},
	}
}

// settingLine is one setting, without its value.
type settingLine struct {
	Key      string `json:"key" about:"as in a settings file and after --set"`
	Variable string `json:"variable" about:"in the environment"`
	Note     string `json:"note" about:"what it is for"`
	Default  string `json:"default,omitempty" about:"what holds when it is not set; what is set is never shown"`
	Required bool   `json:"required,omitempty" about:"true: it must be set"`
	Secret   bool   `json:"secret,omitempty" about:"true: a password or a key"`
}

func (l settingLine) text() string {
	text := l.Note
	for _, more := range []struct {
		on   bool
		text string
	}{{l.Required, "required"}, {l.Secret, "secret"}, {l.Default != "", "default " + l.Default}} {
		if more.on {
			text += "; " + more.text
		}
	}
	return text
}

// list describes every setting that there is, in order of their keys.
func (s *settings) list(c *compiled) []settingLine {
	described := map[string]engine.Setting{}
	for name, d := range s.drivers {
		for _, set := range d.Settings() {
			described["connections."+name+"."+set.Name] = set
		}
	}
	known := s.known(c.project)
	byKey := map[string]string{}
	for variable, key := range variables(known) {
		byKey[key] = variable
	}
	defaults := s.defaults()
	var lines []settingLine
	for _, key := range known {
		set := described[key]
		line := settingLine{Key: key, Variable: byKey[key], Note: set.Note, Required: set.Required, Secret: set.Secret || key == keyKey}
		line.Default, _ = defaults[key].(string)
		if note, ok := ownNotes[key]; ok {
			line.Note = note
		} else if strings.HasPrefix(key, "limits.") {
			line.Note = "instead of the limit that stands in the flow"
		}
		lines = append(lines, line)
	}
	return lines
}
