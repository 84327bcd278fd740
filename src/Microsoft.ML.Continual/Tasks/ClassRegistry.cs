using System.Text.Json.Nodes;
using Microsoft.ML.Data;

namespace Microsoft.ML.Continual.Tasks;

/// <summary>
/// The classes seen so far, in the order they were met. A class is a label <em>value</em>; the index it is given never changes.
/// </summary>
/// <remarks>
/// <para>Values are text or numbers of one type. Keys are resolved through their <c>KeyValues</c>, because a <c>MapValueToKey</c> that is fitted
/// anew on each task numbers its keys from 1 each time. A key without <c>KeyValues</c> is identified by its 1-based number, as
/// <see cref="uint"/>: with such keys the caller must see to it that a number means the same class in every task.</para>
/// <para>Empty text, NaN and the key 0 mean "missing" and are never a class. Not thread-safe while it grows; a frozen copy is.</para>
/// </remarks>
public sealed class ClassRegistry
{
    private readonly Dictionary<object, int> _indices = [];
    private readonly List<object> _values = [];

    /// <summary>The number of classes.</summary>
    public int Count => _values.Count;

    /// <summary>The type of the label values: text or a number type; null as long as there is no class.</summary>
    public PrimitiveDataViewType? ValueType => Kind?.Type;

    /// <summary>Whether this copy can no longer grow.</summary>
    public bool IsFrozen { get; private init; }

    /// <summary>The label values by class index: <see cref="string"/>, or a number of <see cref="ValueType"/>.</summary>
    public IReadOnlyList<object> Values => _values.AsReadOnly();

    /// <summary>The label values by class index, as text (numbers in the invariant culture).</summary>
    public IReadOnlyList<string> Names => [.. _values.Select(value => Kind!.Format(value))];

    internal LabelKind? Kind { get; private set; }

    /// <summary>The index of a class, or −1 when the value is not known.</summary>
    /// <param name="value">Text (<see cref="string"/> or <c>ReadOnlyMemory&lt;char&gt;</c>) or a number of <see cref="ValueType"/>.</param>
    public int IndexOf(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value is ReadOnlyMemory<char> text) value = text.ToString();
        return _indices.TryGetValue(value, out int index) ? index : -1;
    }

    /// <summary>The index of a class, which is added at the end when it is new.</summary>
    /// <param name="value">Text (<see cref="string"/> or <c>ReadOnlyMemory&lt;char&gt;</c>) or a number.</param>
    /// <exception cref="ArgumentException">The value is missing (empty text, NaN), is neither text nor a number, or is of another type than the classes before.</exception>
    /// <exception cref="InvalidOperationException">The registry is frozen.</exception>
    public int Add(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        LabelKind kind = LabelKind.ForValue(value)
            ?? throw new ArgumentException($"A class label is text or a number; found a value of type {value.GetType()}.", nameof(value));
        if (Kind is not null && kind != Kind)
            throw new ArgumentException($"The classes so far are labelled with {Kind.Name}; found the {kind.Name} label {kind.Format(kind.Normalize(value) ?? "")}.", nameof(value));
        object normal = kind.Normalize(value)
            ?? throw new ArgumentException("A class label must not be missing: found empty text or NaN.", nameof(value));

        if (_indices.TryGetValue(normal, out int index)) return index;
        if (IsFrozen) throw new InvalidOperationException($"The class registry is frozen: the class '{kind.Format(normal)}' cannot be added.");
        Kind = kind;
        _indices.Add(normal, _values.Count);
        _values.Add(normal);
        return _values.Count - 1;
    }

    /// <summary>An unchanging copy, safe to share between threads.</summary>
    public ClassRegistry Freeze() => IsFrozen ? this : Copy(frozen: true);

    /// <summary>A copy that can grow and shares nothing with this one.</summary>
    public ClassRegistry Clone() => Copy(frozen: false);

    /// <summary>Adds the label values as an annotation, in their own type: what <c>MapKeyToValue</c> reads.</summary>
    /// <param name="builder">The annotations of a column.</param>
    /// <param name="annotation">The annotation's name.</param>
    /// <exception cref="InvalidOperationException">There is no class.</exception>
    public void AddKeyValuesTo(DataViewSchema.Annotations.Builder builder, string annotation = "KeyValues")
    {
        ArgumentNullException.ThrowIfNull(builder);
        RequireClasses().AddAnnotation(builder, annotation, _values);
    }

    /// <summary>Adds <see cref="Names"/> as the annotation <c>SlotNames</c> of a score column.</summary>
    /// <exception cref="InvalidOperationException">There is no class.</exception>
    public void AddSlotNamesTo(DataViewSchema.Annotations.Builder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        RequireClasses();
        LabelKind.For(TextDataViewType.Instance)!.AddAnnotation(builder, "SlotNames", Names);
    }

    /// <summary>
    /// The label values as a view with the one column <c>Value</c>, by class index: the <c>keyData</c> that makes
    /// <c>MapValueToKey</c> number its keys as this registry does (key = index + 1).
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no class.</exception>
    public IDataView ToKeyData(MLContext mlContext)
    {
        ArgumentNullException.ThrowIfNull(mlContext);
        return RequireClasses().ToDataView(mlContext, _values);
    }

    /// <summary>The registry as a JSON object; <see cref="FromJson"/> reads it back exactly.</summary>
    public JsonObject ToJson() => new()
    {
        ["type"] = Kind?.Name,
        ["values"] = new JsonArray([.. Names.Select(name => (JsonNode)JsonValue.Create(name)!)]),   // numbers as text too: exact for every type
    };

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The object is not a registry.</exception>
    public static ClassRegistry FromJson(JsonNode? json)
    {
        try
        {
            string[] names = [.. json!["values"]!.AsArray().Select(node => node!.GetValue<string>())];
            string? type = json["type"]?.GetValue<string>();
            LabelKind? kind = LabelKind.Named(type);
            if (kind is null && (type is not null || names.Length > 0)) throw new InvalidDataException($"The class registry has labels of the unknown type '{type}'.");

            var registry = new ClassRegistry();
            foreach (string name in names)
            {
                object value = kind!.Parse(name) ?? throw new InvalidDataException($"The class registry holds '{name}', which is no label of type {type}.");
                if (registry.Add(value) != registry.Count - 1 || registry.Count > names.Length) throw new InvalidDataException($"The class registry holds '{name}' twice.");
            }
            return registry.Count == names.Length ? registry : throw new InvalidDataException("The class registry holds a class twice.");
        }
        catch (Exception e) when (e is NullReferenceException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException("The class registry is not an object with 'type' and a list of texts 'values'.", e);
        }
    }

    /// <summary>Takes over the classes of a registry that grew out of a copy of this one.</summary>
    internal void GrowTo(ClassRegistry grown)
    {
        foreach (object value in grown._values.Skip(Count)) Add(value);
    }

    private ClassRegistry Copy(bool frozen)
    {
        var copy = new ClassRegistry { Kind = Kind, IsFrozen = frozen };
        foreach (object value in _values)
        {
            copy._indices.Add(value, copy._values.Count);
            copy._values.Add(value);
        }
        return copy;
    }

    private LabelKind RequireClasses() => Kind ?? throw new InvalidOperationException("The class registry holds no class yet.");
}
