using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.ML.Continual.Backbones;

namespace Microsoft.ML.Continual.Persistence;

/// <summary>
/// Options as JSON: every public property that can be set, with numbers, texts, enums, lists, dictionaries with text keys, and records of these. The backbone, and what is code (delegates,
/// interfaces), is left out.
/// </summary>
/// <remarks>Types come from the properties' declarations only: a file can choose among values, never among types.</remarks>
internal static class OptionJson
{
    /// <summary>The options as an object, by property name.</summary>
    public static JsonObject Write(object options)
    {
        var json = new JsonObject();
        foreach (PropertyInfo property in PropertiesOf(options.GetType())) json[property.Name] = Write(property.GetValue(options), property.PropertyType);
        return json;
    }

    /// <summary>Sets the properties that the object names; others keep their defaults.</summary>
    /// <exception cref="InvalidDataException">A value is not of its property's type, or there is no such property.</exception>
    public static void Read(JsonObject json, object options)
    {
        Dictionary<string, PropertyInfo> properties = PropertiesOf(options.GetType()).ToDictionary(p => p.Name, StringComparer.Ordinal);
        foreach ((string name, JsonNode? value) in json)
        {
            string option = $"{options.GetType().Name}.{name}";
            if (!properties.TryGetValue(name, out PropertyInfo? property)) throw new InvalidDataException($"There is no option {option} in this version of the library.");
            object? read = Read(value, property.PropertyType, option);
            if (IsFilled(property) && property.GetValue(options) is IDictionary pairs)
            {
                pairs.Clear();
                foreach (DictionaryEntry entry in (IDictionary)(read ?? throw new InvalidDataException($"The option {option}: expected an object; found null."))) pairs[entry.Key] = entry.Value;
            }
            else property.SetValue(options, read);
        }
    }

    /// <summary>The names of the options that differ, with both values, for messages; empty where all are the same.</summary>
    public static IReadOnlyList<string> Differences(object options, JsonObject saved, params string[] ignored)
    {
        JsonObject own = Write(options);
        return [.. saved.Where(p => !ignored.Contains(p.Key)).Where(p => Text(own.TryGetPropertyValue(p.Key, out JsonNode? value) ? value : null) != Text(p.Value))
            .Select(p => $"{p.Key} (file: {Text(p.Value)}, trainer: {Text(own[p.Key])})")];

        static string Text(JsonNode? value) => StateFile.Sorted(value)?.ToJsonString() ?? "null";
    }

    private static IEnumerable<PropertyInfo> PropertiesOf(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.GetIndexParameters().Length == 0 && p.GetMethod is { IsPublic: true } && (p.SetMethod is { IsPublic: true } || IsFilled(p)) && IsData(p.PropertyType, 4));

    /// <summary>Whether an option is a dictionary that is filled and never replaced.</summary>
    private static bool IsFilled(PropertyInfo property) => property.SetMethod is not { IsPublic: true } && property.PropertyType.IsGenericType && property.PropertyType.GetGenericTypeDefinition() == typeof(IDictionary<,>);

    /// <summary>Whether values of a type can be written and read.</summary>
    private static bool IsData(Type type, int depth)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (depth == 0 || typeof(Backbone).IsAssignableFrom(type) || typeof(Delegate).IsAssignableFrom(type)) return false;
        if (type == typeof(string) || type == typeof(bool) || type.IsEnum || IsNumber(type)) return true;
        if (DictionaryValue(type) is { } value) return IsData(value, depth - 1);
        if (ListItem(type) is { } item) return IsData(item, depth - 1);
        return !type.IsInterface && !type.IsAbstract && type.Namespace?.StartsWith("Microsoft.ML.Continual", StringComparison.Ordinal) == true;
    }

    private static bool IsNumber(Type type) => type == typeof(int) || type == typeof(long) || type == typeof(float) || type == typeof(double);

    private static Type? ListItem(Type type) => type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.GetGenericTypeDefinition() is var open && (open == typeof(IReadOnlyList<>) || open == typeof(IList<>) || open == typeof(List<>) || open == typeof(IReadOnlyCollection<>))
            ? type.GetGenericArguments()[0] : null;

    private static Type? DictionaryValue(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var open && (open == typeof(IReadOnlyDictionary<,>) || open == typeof(IDictionary<,>) || open == typeof(Dictionary<,>)) &&
        type.GetGenericArguments() is [var key, var value] && key == typeof(string) ? value : null;

    private static JsonNode? Write(object? value, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        switch (value)
        {
            case null: return null;
            case string text: return text;
            case bool flag: return flag;
            case Enum choice: return choice.ToString();
            case int or long: return JsonValue.Create(Convert.ToInt64(value, CultureInfo.InvariantCulture));
            case float or double:
                double number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
                return double.IsFinite(number) ? JsonValue.Create(number) : number.ToString(CultureInfo.InvariantCulture);
        }
        if (DictionaryValue(type) is { } held)
            return new JsonObject(Entries(value).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Write(p.Value, held))));
        if (ListItem(type) is { } item) return new JsonArray([.. ((IEnumerable)value).Cast<object?>().Select(v => Write(v, item))]);
        var json = new JsonObject();
        foreach (PropertyInfo property in ValuesOf(type)) json[property.Name] = Write(property.GetValue(value), property.PropertyType);
        return json;
    }

    private static IEnumerable<KeyValuePair<string, object?>> Entries(object dictionary)
    {
        foreach (object pair in (IEnumerable)dictionary)
            yield return new((string)pair.GetType().GetProperty("Key")!.GetValue(pair)!, pair.GetType().GetProperty("Value")!.GetValue(pair));
    }

    /// <summary>What a record consists of: what its longest constructor takes, or the properties that can be set.</summary>
    private static IEnumerable<PropertyInfo> ValuesOf(Type type)
    {
        PropertyInfo[] all = type.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        return type.GetConstructor(Type.EmptyTypes) is not null ? all.Where(p => p.SetMethod is { IsPublic: true })
            : LongestConstructor(type).GetParameters().Select(parameter => all.First(p => p.Name == parameter.Name));
    }

    private static ConstructorInfo LongestConstructor(Type type) => type.GetConstructors().MaxBy(c => c.GetParameters().Length)
        ?? throw new InvalidOperationException($"{type.Name} has no public constructor.");

    private static object? Read(JsonNode? json, Type declared, string option)
    {
        Type type = Nullable.GetUnderlyingType(declared) ?? declared;
        if (json is null) return type.IsValueType && type == declared ? throw Wrong("a value", json) : null;
        try
        {
            if (type == typeof(string)) return json.GetValue<string>();
            if (type == typeof(bool)) return json.GetValue<bool>();
            if (type == typeof(int)) return json.GetValue<int>();
            if (type == typeof(long)) return json.GetValue<long>();
            if (type == typeof(float)) return (float)Number(json);
            if (type == typeof(double)) return Number(json);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException)
        {
            throw Wrong(type.Name, json);
        }
        if (type.IsEnum) return json is JsonValue choice && choice.TryGetValue(out string? name) && Enum.TryParse(type, name, out object? value) && IsValue(type, value) ? value
            : throw Wrong("one of " + string.Join(", ", Enum.GetNames(type)), json);
        if (DictionaryValue(type) is { } held)
        {
            var pairs = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(typeof(string), held))!;
            foreach ((string key, JsonNode? entry) in json as JsonObject ?? throw Wrong("an object", json)) pairs[key] = Read(entry, held, $"{option}[{key}]");
            return pairs;
        }
        if (ListItem(type) is { } item)
        {
            JsonArray list = json as JsonArray ?? throw Wrong("a list", json);
            var items = Array.CreateInstance(item, list.Count);
            for (int i = 0; i < list.Count; i++) items.SetValue(Read(list[i], item, $"{option}[{i}]"), i);
            return type.IsInstanceOfType(items) ? items : Activator.CreateInstance(type, items);   // List<T> takes a sequence
        }
        return ReadRecord(json as JsonObject ?? throw Wrong("an object", json), type, option);

        InvalidDataException Wrong(string expected, JsonNode? found) => new($"The option {option}: expected {expected}; found {Short(found?.ToJsonString() ?? "null")}.");
    }

    // Flags may be any of them together.
    private static bool IsValue(Type type, object value) => Enum.IsDefined(type, value) || type.IsDefined(typeof(FlagsAttribute), false) &&
        (Convert.ToInt64(value, CultureInfo.InvariantCulture) & ~Enum.GetValuesAsUnderlyingType(type).Cast<object>().Aggregate(0L, (all, flag) => all | Convert.ToInt64(flag, CultureInfo.InvariantCulture))) == 0;

    private static object ReadRecord(JsonObject json, Type type, string option)
    {
        if (type.GetConstructor(Type.EmptyTypes) is not null)
        {
            object made = Activator.CreateInstance(type)!;
            foreach (PropertyInfo property in ValuesOf(type))
                if (json.TryGetPropertyValue(property.Name, out JsonNode? value)) property.SetValue(made, Read(value, property.PropertyType, $"{option}.{property.Name}"));
            return made;
        }
        ConstructorInfo constructor = LongestConstructor(type);
        return constructor.Invoke([.. constructor.GetParameters().Select(p => json.TryGetPropertyValue(p.Name!, out JsonNode? value) ? Read(value, p.ParameterType, $"{option}.{p.Name}")
            : p.HasDefaultValue ? p.DefaultValue : throw new InvalidDataException($"The option {option} lacks {p.Name}."))]);
    }

    private static double Number(JsonNode json) => json.GetValueKind() == System.Text.Json.JsonValueKind.String
        ? double.Parse(json.GetValue<string>(), NumberStyles.Float, CultureInfo.InvariantCulture) : json.GetValue<double>();

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
