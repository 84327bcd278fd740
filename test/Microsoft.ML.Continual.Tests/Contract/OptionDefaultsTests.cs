using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.ML.Continual.Methods;
using Microsoft.VisualStudio.TestTools.UnitTesting;

namespace Microsoft.ML.Continual.Tests.Contract;

/// <summary>What the documentation says an option's default is, is what a new options object holds.</summary>
[TestClass, TestCategory("Contract")]
public sealed class OptionDefaultsTests
{
    private static readonly Regex Stated = new(
        @"^\s*The default is (?:<see cref=""\w:(?<member>[^""]+)""\s*/>|<c>(?<text>[^<]*)</c>|(?<word>null|true|false|empty|-?\d+(?:\.\d+)?(?:e-?\d+)?))");

    // Where a method's recipe has other defaults than the base class documents, the constructor's documentation states them.
    private static readonly Regex Restated = new(@"<see cref=""P:(?<option>[^""]+)""\s*/> = (?<value><see cref=""\w:[^""]+""\s*/>|<c>[^<]*</c>)");

    [TestMethod]
    [DataRow("Microsoft.ML.Continual")]
    [DataRow("Microsoft.ML.Continual.Pgp")]
    public void Every_option_has_the_default_that_its_documentation_states(string assemblyName)
    {
        Assembly assembly = Assembly.Load(assemblyName);
        XElement[] members = [.. XDocument.Load(Path.ChangeExtension(assembly.Location, ".xml")).Descendants("member")];
        Dictionary<string, XElement?> values = members.ToDictionary(member => (string)member.Attribute("name")!, member => member.Element("value"), StringComparer.Ordinal);
        var wrong = new List<string>();
        int options = 0;
        foreach (Type type in assembly.GetExportedTypes().Where(IsOptions))
        {
            object fresh = Activator.CreateInstance(type)!;
            Dictionary<string, XElement> restated = RestatedBy(type, members);
            // An inherited option is documented in the assembly that declares it.
            foreach (PropertyInfo property in type.GetProperties().Where(property => IsOption(property) && property.DeclaringType!.Assembly == assembly))
            {
                string name = $"P:{property.DeclaringType!.FullName!.Replace('+', '.')}.{property.Name}";
                options++;
                string? problem = Compare(restated.GetValueOrDefault(name) ?? values.GetValueOrDefault(name), property.GetValue(fresh));
                if (problem is not null)
                    wrong.Add($"{type.Name}.{property.Name}: {problem}");
            }
        }
        Assert.AreNotEqual(0, options, $"No options were found in {assemblyName}.");
        Assert.AreEqual("", string.Join(Environment.NewLine, wrong), "These options and their documentation differ.");
    }

    private static Dictionary<string, XElement> RestatedBy(Type type, XElement[] members)
    {
        XElement? constructor = members.SingleOrDefault(member => (string)member.Attribute("name")! == $"M:{type.FullName!.Replace('+', '.')}.#ctor")?.Element("summary");
        return constructor is null ? [] : Restated.Matches(string.Concat(constructor.Nodes())).ToDictionary(
            match => "P:" + match.Groups["option"].Value, match => XElement.Parse($"<value>The default is {match.Groups["value"].Value}</value>"), StringComparer.Ordinal);
    }

    private static bool IsOptions(Type type) =>
        type.Name.EndsWith("Options", StringComparison.Ordinal) && !type.IsAbstract && type.GetConstructor(Type.EmptyTypes) is not null;

    // A required option has no default to state; it starts as null.
    private static bool IsOption(PropertyInfo property) =>
        property.SetMethod is { IsPublic: true } && property.Name != nameof(MethodOptions.Backbone);

    private static string? Compare(XElement? value, object? actual)
    {
        if (value is null)
            return "the documentation has no <value>";
        Match stated = Stated.Match(string.Concat(value.Nodes()));
        if (!stated.Success)
            return $"the <value> does not begin with `The default is`: {value.Value.Trim()}";

        string expected, found = actual switch
        {
            IEnumerable<int> numbers => $"[{string.Join(", ", numbers)}]",
            IEnumerable<double> numbers => $"[{string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)))}]",
            IEnumerable<string> texts => $"[{string.Join(", ", texts.Select(text => $"\"{text}\""))}]",
            _ => Convert.ToString(actual, CultureInfo.InvariantCulture) ?? "",
        };
        if (stated.Groups["text"].Success)
            expected = stated.Groups["text"].Value;
        else if (stated.Groups["member"].Success)
            return IsMember(stated.Groups["member"].Value, actual) ? null : $"documented as {stated.Groups["member"].Value}, but it is {found}";
        else
            expected = stated.Groups["word"].Value;

        bool equal = expected switch
        {
            "null" => actual is null,
            "empty" => actual is IEnumerable items && !items.Cast<object>().Any(),
            "true" or "false" => actual is bool flag && flag == (expected == "true"),
            _ when actual is string text => text == expected,
            _ when actual is IEnumerable<int> or IEnumerable<double> or IEnumerable<string> => found == expected,
            _ => double.TryParse(expected, CultureInfo.InvariantCulture, out double number) && actual is IConvertible
                && Convert.ToDouble(actual, CultureInfo.InvariantCulture) == number,
        };
        return equal ? null : $"documented as {expected}, but it is {found}";
    }

    // An enum's member, or a static property or field that holds the value.
    private static bool IsMember(string name, object? actual)
    {
        if (actual is null)
            return false;
        Type type = actual.GetType();
        string member = name[(name.LastIndexOf('.') + 1)..];
        return type.IsEnum
            ? name == $"{type.FullName!.Replace('+', '.')}.{member}" && actual.ToString() == member
            : Equals(type.GetProperty(member, BindingFlags.Public | BindingFlags.Static)?.GetValue(null) ?? type.GetField(member)?.GetValue(null), actual);
    }
}
