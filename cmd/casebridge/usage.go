package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/casebridge/casebridge/engine"
)

// usageError is a command line that cannot be understood.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// strict makes a command and those below it refuse what cannot be meant, as an error of usage.
func strict(c *cobra.Command) {
	if c.Runnable() {
		c.Args, c.PreRunE = asUsage(c.Args), checkFlags
	} else { // only a heading over its commands
		c.Args, c.RunE = cobra.ArbitraryArgs, helpOrUnknown
	}
	for _, below := range c.Commands() {
		strict(below)
	}
}

// asUsage makes wrong arguments an error of usage. Their text is not repeated: it may name a person.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.NoArgs
	}
	return func(cmd *cobra.Command, args []string) error {
		var usage usageError
		err := check(cmd, args)
		if err == nil || errors.As(err, &usage) {
			return err
		}
		given := "no argument"
		if n := len(args); n > 0 {
			given = plural(n, "1 argument", "%d arguments")
		}
		line := strings.TrimSuffix(cmd.UseLine(), " [flags]")
		return usageError{fmt.Errorf("`%s` was given %s; see `%s --help`", line, given, cmd.CommandPath())}
	}
}

// checkFlags refuses flags that exclude each other, and flags with nothing in them: those come from variables of a shell
// that were never set, and `--case` of nobody would be everybody.
func checkFlags(cmd *cobra.Command, _ []string) error {
	var err error
	var rivals []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" {
			err = usageError{fmt.Errorf("`%s` was given --%s without a value; leave the flag out, or say what it shall be", cmd.CommandPath(), f.Name)}
		}
		if len(f.Annotations) > 0 {
			rivals = append(rivals, "--"+f.Name)
		}
	})
	if err == nil && cmd.ValidateFlagGroups() != nil {
		err = usageError{fmt.Errorf("%s exclude each other; see `%s --help`", strings.Join(rivals, " and "), cmd.CommandPath())}
	}
	return err
}

// helpOrUnknown is what a command does that only has commands below it.
func helpOrUnknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownCommand(cmd, args[0])
}

func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			names = append(names, c.Name())
		}
	}
	text := fmt.Sprintf("there is no command %q", name)
	if near := engine.Nearest(name, names); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return usageError{errors.New(text + " (" + strings.Join(names, ", ") + ")")}
}

// wrongFlag says what is wrong with a flag, and which one was probably meant.
func wrongFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	see := fmt.Sprintf("; see `%s --help`", cmd.CommandPath())
	switch {
	case errors.As(err, &missing):
		return usageError{errors.New("--" + missing.GetFlag().Name + " needs a value" + see)}
	case errors.As(err, &invalid):
		f := invalid.GetFlag()
		return usageError{fmt.Errorf("--%s takes %s, not %q%s", f.Name, takes(f.Value.Type()), invalid.GetValue(), see)}
	case errors.As(err, &unknown):
		text := fmt.Sprintf("`%s` has no flag --%s", cmd.CommandPath(), unknown.GetSpecifiedName())
		if near := engine.Nearest(unknown.GetSpecifiedName(), flagNames(cmd)); near != "" {
			see = fmt.Sprintf("; did you mean --%s?", near)
		}
		return usageError{errors.New(text + see)}
	}
	return usageError{fmt.Errorf("%w%s", err, see)}
}

// takes says in plain words what a flag of a type takes.
func takes(kind string) string {
	switch kind {
	case "int":
		return "a whole number"
	case "duration":
		return "a length of time such as 20ms"
	case "bool":
		return "nothing, true or false"
	}
	return "another value"
}

func flagNames(cmd *cobra.Command) []string {
	var names []string
	for _, set := range []*pflag.FlagSet{cmd.LocalFlags(), cmd.InheritedFlags()} {
		set.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	}
	slices.Sort(names)
	return slices.Compact(names)
}
